"""L5: other libraries' models, and our own, in the forms that our tools take."""
