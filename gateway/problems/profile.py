"""Resources and the profiles that they are to follow (see `gateway.fhir.profile_check`)."""

from gateway.problems import kind

PROFILE_TOO_FEW = kind(
    "profile.too-few",
    "{profile} asks for {least} of {name}, and there are {found}",
    "Add what is missing, or do not claim the profile.",
    "required",
    422,
)
PROFILE_TOO_MANY = kind(
    "profile.too-many",
    "{profile} allows {most} of {name}, and there are {found}",
    "Take away what is too much, or do not claim the profile.",
    "structure",
    422,
)
PROFILE_TYPE = kind(
    "profile.type",
    "{profile} allows {name} to be {allowed}, and this is {found}",
    "Give it as one of these types.",
    "structure",
    422,
)
PROFILE_VALUE = kind(
    "profile.value",
    "{profile} asks {name} to be {wanted}",
    "Give it this value.",
    "value",
    422,
)
PROFILE_CODE = kind(
    "profile.code",
    "{profile} asks for a code of {value_set}",
    "Use one of its codes, with its system.",
    "code-invalid",
    422,
)
PROFILE_LONG = kind(
    "profile.too-long",
    "{profile} allows {name} to have {most} characters",
    "Shorten it.",
    "too-long",
    422,
)
PROFILE_TARGET = kind(
    "profile.target",
    "{profile} allows {name} to refer to {allowed}",
    "Refer to one of these.",
    "structure",
    422,
)
PROFILE_CLOSED = kind(
    "profile.closed",
    "{profile} allows no other {name} than the kinds that it names",
    "Take it away, or make it one of these kinds: {slices}.",
    "structure",
    422,
)
PROFILE_OTHER_TYPE = kind(
    "profile.other-type",
    "{profile} is a profile of {type}",
    "Name a profile of the resource's own type.",
    "structure",
    422,
)
PROFILE_UNKNOWN = kind(
    "profile.unknown",
    "{profile} is not among the profiles that are here, so whether the resource follows it is not known",
    "Put its StructureDefinition into a folder of the setting profiles, or leave it out.",
    "not-found",
    422,
)
PROFILE_CLAIMED_UNKNOWN = kind(
    "profile.claimed-unknown",
    "The resource says that it follows {profile}, which is not among the profiles that are here",
    "Put its StructureDefinition into a folder of the setting profiles to have it judged.",
    "not-found",
    200,
    "warning",
)
PROFILE_NOT_JUDGED = kind(
    "profile.not-judged",
    "{profile} also says something about what is not judged here: {what}",
    "",
    "informational",
    200,
    "information",
)
PROFILE_EXTENSIONS = kind(
    "profile.extensions",
    "Whether these extensions are what they should be is not judged, because their definitions are not here: {urls}",
    "",
    "informational",
    200,
    "information",
)
