"""What the HTTP API takes and gives (pydantic), one module for each noun."""
