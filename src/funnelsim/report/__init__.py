"""What people read: tables in a terminal, files in a folder, one HTML page."""
