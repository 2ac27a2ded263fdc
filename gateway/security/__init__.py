"""Every decision about access as a value: tokens, scopes, policy, audit events. No input or output."""
