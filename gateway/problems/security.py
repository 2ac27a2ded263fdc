"""Access: tokens, scopes, feeds."""

from gateway.problems import kind

TOKEN_MISSING = kind(
    "security.token-missing",
    "The request carries no access token",
    "Send it in the header `Authorization: Bearer …`; for development `fhirgate token` prints one.",
    "login",
    401,
)
TOKEN_FORM = kind(
    "security.token-form",
    "The access token is not a signed JWT that can be read",
    "Send the token exactly as the authorisation server gave it.",
    "login",
    401,
)
TOKEN_ALGORITHM = kind(
    "security.token-algorithm",
    "The access token is signed in a way that is not accepted here",
    "Sign tokens with one of {takes}.",
    "login",
    401,
)
TOKEN_ISSUER = kind(
    "security.token-issuer",
    "The access token comes from an issuer that is not known here",
    "Enter the issuer in the settings (issuers.*), or ask for a token of one that is there.",
    "login",
    401,
)
TOKEN_KEY = kind(
    "security.token-key",
    "No single key of the issuer fits the access token",
    "Check that the token's kid is in the issuer's key set, once, and that the key set is up to date.",
    "login",
    401,
)
TOKEN_SIGNATURE = kind(
    "security.token-signature",
    "The signature of the access token does not fit its content",
    "Ask for a new token and send it unchanged.",
    "login",
    401,
)
TOKEN_AUDIENCE = kind(
    "security.token-audience",
    "The access token was made for somebody else",
    "Ask for a token whose audience is this gateway.",
    "login",
    401,
)
TOKEN_EXPIRED = kind(
    "security.token-expired", "The access token has ended", "Ask for a new token.", "expired", 401
)
TOKEN_EARLY = kind(
    "security.token-early",
    "The access token is not in force yet",
    "Compare the clocks of the issuer and of this server.",
    "login",
    401,
)
TOKEN_LONG = kind(
    "security.token-long",
    "The access token is in force for longer than {most} seconds",
    "Ask for a token with a shorter life.",
    "login",
    401,
)
TOKEN_CLAIM = kind(
    "security.token-claim",
    "The access token has no usable claim {claim}",
    "See that the issuer puts {claim} into its tokens.",
    "login",
    401,
)
CLIENT_UNKNOWN = kind(
    "security.client-unknown",
    "The client that the access token names is not registered here",
    "Enter the client in the settings (clients.*).",
    "login",
    401,
)
KEY_NOT_PUBLIC = kind(
    "security.key-not-public",
    "The key set holds a private or a shared key",
    "Give the file with the issuer's public keys only, and replace the key: it may be known to others now.",
    "security",
    500,
)
KEYS_NONE = kind(
    "security.keys-none",
    "The key set holds no public key that can verify a token",
    "Give a JWK Set with an RSA key of 2048 bits or more, a P-256 or P-384 key, or an Ed25519 key.",
    "security",
    500,
)
SECRET_SHORT = kind(
    "security.secret-short",
    "The gateway's secret has fewer than {least} bytes",
    "Delete the secret file to have a new one made; tokens and next-page links given before end with it.",
    "security",
    500,
)
SCOPE_FORM = kind(
    "security.scope-form",
    "{scope} is not a scope that can be given",
    "Write system/TYPE.cruds with letters in that order, such as system/Observation.rs, or system/*.rs.",
    "value",
)
SCOPE_MISSING = kind(
    "security.scope-missing",
    "The client may not do this: {interaction} on {type}",
    "It needs the scope {scope}.",
    "forbidden",
    403,
)
FEED_CLOSED = kind(
    "security.feed-closed",
    "The client has no feed of this name",
    "Ask under a feed of the client's own (clients.*.feeds), or under /fhir.",
    "forbidden",
    403,
)
INTERACTION_UNKNOWN = kind(
    "security.interaction-unknown",
    "No rule lets anybody do {interaction} here",
    "See /metadata for what can be asked.",
    "forbidden",
    403,
)
MAY_NOT_DECIDE = kind(
    "security.may-not-decide",
    "This client may not decide about children",
    "Whoever runs the gateway sets `decides = true` for a client whose users may merge, split and seal.",
    "forbidden",
    403,
)
