"""Odd inputs to every public function: ``odd`` makes them, ``calls`` says how each function is called."""
