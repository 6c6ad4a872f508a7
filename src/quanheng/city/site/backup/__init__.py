"""Backup and restore: everything a site keeps in one file, whichever database it runs on."""
