package http1

// Ids of what the reader forgives. Those without the prefix http- were seen on gateways and are catalogued; the others name
// what a strict HTTP reader (net/http, and so goupnp) refuses or reads otherwise.
const (
	// NoLengthStaysOpen: no usable Content-Length and the connection stays open, so the end of the body is the end tag of
	// its root.
	NoLengthStaysOpen = "desc-no-length-stays-open"
	// BadStatusLine: "http/1.1 200", no version number, "200OK", blanks in odd places.
	BadStatusLine = "soap-bad-status-line"

	BadRequestLine     = "http-bad-request-line"     // lower-case version, several blanks between its parts
	LeadingBlank       = "http-leading-blank"        // empty lines or NULs before the start line
	NoBlankLine        = "http-no-blank-line"        // the head ends without its empty line
	BareLF             = "http-bare-lf"              // lines ended by LF alone
	NULPadding         = "http-nul-padding"          // NULs after a line
	FoldedLine         = "http-folded-line"          // a field continued on the next line (obsolete, RFC 9112 §5.2)
	JunkLine           = "http-junk-line"            // a header line without a colon or without a name, skipped
	SpaceBeforeColon   = "http-space-before-colon"   // "Server : x"
	HeaderControlChars = "http-header-control-chars" // control characters in a field, kept
	LengthInvalid      = "http-length-invalid"       // Content-Length is no number, contradicts itself or exceeds the limit, ignored
	LengthTooShort     = "http-length-too-short"     // the body goes on after Content-Length bytes, and was read on
	LengthTooLong      = "http-length-too-long"      // the body was complete before Content-Length bytes
	BodyTruncated      = "http-body-truncated"       // the peer closed in the middle of the body, what came was kept
	ChunkedFalse       = "http-chunked-false"        // Transfer-Encoding says chunked, the body is not
	ChunkedBroken      = "http-chunked-broken"       // chunks stop making sense, what came before was kept
	ChunkedNoEnd       = "http-chunked-no-end"       // the last chunk is missing and the connection stays open
	ResetAtEnd         = "http-reset-at-end"         // the connection failed after a complete body whose length was unknown
)
