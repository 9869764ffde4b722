"""What instruction sets share: declared operations, text, encoding, chips, manuals."""
