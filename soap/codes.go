package soap

// Error codes of the UPnP architecture (UDA 1.1 §3.1.3), common to all services.
const (
	InvalidAction                = 401
	InvalidArgs                  = 402
	OutOfSync                    = 403 // UDA 1.0 only
	InvalidVar                   = 404
	ActionFailed                 = 501
	ArgumentValueInvalid         = 600
	ArgumentValueOutOfRange      = 601
	OptionalActionNotImplemented = 602
	OutOfMemory                  = 603
	HumanInterventionRequired    = 604
	StringArgumentTooLong        = 605
	ActionNotAuthorized          = 606
)

// Error codes of WANIPConnection:1, :2 and WANPPPConnection:1 (each §2.4).
const (
	InactiveConnectionStateRequired       = 703
	ConnectionSetupFailed                 = 704
	ConnectionSetupInProgress             = 705
	ConnectionNotConfigured               = 706
	DisconnectInProgress                  = 707
	InvalidLayer2Address                  = 708
	InternetAccessDisabled                = 709
	InvalidConnectionType                 = 710
	ConnectionAlreadyTerminated           = 711
	SpecifiedArrayIndexInvalid            = 713
	NoSuchEntryInArray                    = 714
	WildCardNotPermittedInSrcIP           = 715
	WildCardNotPermittedInExtPort         = 716
	ConflictInMappingEntry                = 718
	ActionDisallowedWhenAutoConfigEnabled = 719
	SamePortValuesRequired                = 724
	OnlyPermanentLeasesSupported          = 725
	RemoteHostOnlySupportsWildcard        = 726
	ExternalPortOnlySupportsWildcard      = 727
	NoPortMapsAvailable                   = 728
	ConflictWithOtherMechanisms           = 729
	PortMappingNotFound                   = 730
	ReadOnly                              = 731
	WildCardNotPermittedInIntPort         = 732
	InconsistentParameters                = 733
)

// Error codes of Layer3Forwarding:1 (§2.4).
const (
	InvalidDeviceUUID           = 720
	InvalidServiceID            = 721
	InvalidConnServiceSelection = 723
)

// Error codes of WANIPv6FirewallControl:1 (§2.6), which reuses the numbers of the connection services.
const (
	PinholeSpaceExhausted              = 701
	FirewallDisabled                   = 702
	InboundPinholeNotAllowed           = 703
	PinholeNoSuchEntry                 = 704
	ProtocolNotSupported               = 705
	InternalPortWildcardingNotAllowed  = 706
	ProtocolWildcardingNotAllowed      = 707
	PinholeWildCardNotPermittedInSrcIP = 708
	NoTrafficReceived                  = 709
)
