"""`vision lambda` in AWS Lambda's own emulator. The name of this folder is a keyword: modules here import each other with a dot."""
