"""Files of the town: tables read and written, lists brought in and printed."""
