"""The dashboard: views that ask the library and draw what it gives; nothing is computed here."""
