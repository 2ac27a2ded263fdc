"""R4 as pure functions: values in, values out, no input or output."""
