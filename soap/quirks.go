package soap

import "slices"

// Ids of what is forgiven that were seen on gateways and are catalogued under the same id.
const (
	// InvalidUTF8: bytes that are not UTF-8 under a UTF-8 declaration became U+FFFD. In control messages it is reported as
	// CorruptBytes.
	InvalidUTF8 = "desc-invalid-utf8"
	// EncodingDeclaredOther: an encoding other than UTF-8 is declared.
	EncodingDeclaredOther = "desc-encoding-declared-other"
	// ControlChars: characters that XML does not allow, NULs too, were dropped.
	ControlChars = "desc-control-chars"
	// MismatchedTag: end tags do not match; open elements were closed, stray end tags dropped.
	MismatchedTag = "desc-mismatched-tag"
	// BadEntity: an ampersand that begins no entity was taken literally.
	BadEntity = "soap-resp-bad-entity"
	// CorruptBytes: a control message damaged by binary garbage.
	CorruptBytes = "soap-resp-corrupt-bytes"
	// RespBlank: success with an empty body, or without any out-argument.
	RespBlank = "soap-resp-blank"
	// RespNSWrong: the response element is not in the namespace of the service.
	RespNSWrong = "soap-resp-ns-wrong"
	// FaultCamelCase: names inside the fault in another case, "faultCode" or "UpnpError".
	FaultCamelCase = "soap-fault-camelcase"
	// FaultNoStrings: a fault without faultcode and faultstring.
	FaultNoStrings = "soap-fault-no-strings"
	// FaultNoDescription: a fault without errorDescription.
	FaultNoDescription = "soap-fault-no-description"
	// FaultIn200: a fault with HTTP status 200.
	FaultIn200 = "soap-fault-in-200"
	// AddAnyNamesExternalPort: AddAnyPortMapping answers NewExternalPort where the standard has NewReservedPort.
	AddAnyNamesExternalPort = "desc-scpd-lies-addany"
)

// Ids that name a place where goupnp is strict, or silently reads something else, and that no field report has a name for.
// When [Transport] has its own base, the ids of its HTTP reader appear beside them: http-… and soap-bad-status-line,
// desc-no-length-stays-open.
const (
	XMLBOM             = "xml-bom"               // a byte order mark
	XMLUTF16           = "xml-utf16"             // UTF-16, converted
	XMLEncodingName    = "xml-encoding-name"     // UTF-8 declared by a name that is none, such as "UTF8"
	XMLEncodingFalse   = "xml-encoding-false"    // another encoding is declared, the bytes are UTF-8
	XMLEncodingUnknown = "xml-encoding-unknown"  // an encoding nobody knows is declared, read as UTF-8
	XMLVersion         = "xml-version"           // a version other than 1.0 is declared
	XMLLeadingJunk     = "xml-leading-junk"      // something other than blanks before the document
	XMLBrokenTag       = "xml-broken-tag"        // an angle bracket that begins no tag was taken literally
	XMLTruncated       = "xml-truncated"         // the document ends early, open elements were closed
	Envelope12         = "soap-envelope-12"      // the envelope is in the SOAP 1.2 namespace
	EnvelopeNS         = "soap-envelope-ns"      // the envelope or its body is in no namespace, or in a misspelled one
	EnvelopeMissing    = "soap-envelope-missing" // response or fault without Envelope or Body around it
	RespNameWrong      = "soap-resp-name-wrong"  // the response element is not called ActionResponse
	StatusNot200       = "soap-status-not-200"   // a readable response with another 2xx status
	FaultCodeBad       = "soap-fault-code-bad"   // errorCode is missing, empty or not just a number
	ArgCase            = "soap-arg-case"         // an argument name in another case
	ArgMissing         = "soap-arg-missing"      // an out-argument is missing and unknown
	ArgNotText         = "soap-arg-not-text"     // an argument holds elements, its XML was taken as its value
	ValueBlanks        = "soap-value-blanks"     // blanks around a value that has none
	ValueSpelling      = "soap-value-spelling"   // a boolean not spelled 0, 1, no, yes, false or true
	ValueUnreadable    = "soap-value-unreadable" // a number or boolean that is none: the value is unknown
	ListingArgNames    = "soap-listing-names"    // NewPortListing uses the names of the action arguments
)

// quirks collects ids, each once.
type quirks []string

func (q *quirks) add(id string) {
	if !slices.Contains(*q, id) {
		*q = append(*q, id)
	}
}
