"""scikit-learn, or one line saying how to get it: imported before anything of it is."""

from chainrule.core.errors import MissingExtraError

try:
    import sklearn
    import sklearn.exceptions
except ImportError as problem:
    raise MissingExtraError(
        f"the estimators need scikit-learn ({problem}); install it with: pip install 'chainrule[sklearn]'"
    ) from None

__all__ = ["sklearn"]
