"""Rows as other programs read them: CSV, JSON, workbooks. Reads no database."""
