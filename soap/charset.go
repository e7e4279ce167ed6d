package soap

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

// toUTF8 converts a document to UTF-8 and cuts off its byte order mark, the junk before it and its XML declaration, which
// says nothing true any more.
func toUTF8(b []byte, contentType string, q *quirks) []byte {
	if bytes.HasPrefix(b, []byte{0xef, 0xbb, 0xbf}) {
		q.add(XMLBOM)
		b = b[3:]
	}
	if len(b) >= 2 && (b[0] == 0xff && b[1] == 0xfe || b[0] == 0xfe && b[1] == 0xff) {
		q.add(XMLUTF16)
		b, _ = unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder().Bytes(b)
	}
	i := bytes.IndexByte(b, '<')
	if i < 0 {
		return b
	}
	if len(bytes.Trim(b[:i], " \t\r\n")) > 0 {
		q.add(XMLLeadingJunk)
	}
	b = b[i:]
	declared := ""
	if len(b) > 5 && strings.EqualFold(string(b[:5]), "<?xml") && strings.IndexByte(" \t\r\n?", b[5]) >= 0 {
		// Without its end the declaration swallows nothing but its own line.
		end := bytes.IndexByte(b, '>')
		if end < 0 {
			end = bytes.IndexAny(b, "\r\n")
		}
		if end >= 0 {
			decl := string(b[5:end])
			declared = pseudoAttr(decl, "encoding")
			if v := pseudoAttr(decl, "version"); v != "" && v != "1.0" {
				q.add(XMLVersion)
			}
			b = b[end+1:]
		}
	}
	b = convert(b, declared, contentType, q)
	if !utf8.Valid(b) {
		q.add(InvalidUTF8)
		b = bytes.ToValidUTF8(b, []byte("\uFFFD"))
	}
	return b
}

// convert applies the declared encoding, or that of the Content-Type when the bytes are not UTF-8. Bytes that are valid
// UTF-8 beyond ASCII are hardly ever anything else, whatever is declared.
func convert(b []byte, declared, contentType string, q *quirks) []byte {
	label := declared
	if label == "" {
		if utf8.Valid(b) {
			return b
		}
		_, params, _ := mime.ParseMediaType(contentType)
		label = params["charset"]
	}
	label = strings.ToLower(strings.TrimSpace(label))
	switch strings.ReplaceAll(strings.ReplaceAll(label, "-", ""), "_", "") {
	case "":
		return b
	case "utf8":
		if declared != "" && label != "utf-8" {
			q.add(XMLEncodingName)
		}
		return b
	}
	enc, err := htmlindex.Get(label)
	switch {
	case err != nil:
		q.add(XMLEncodingUnknown)
		return b
	case isASCII(b):
		q.add(EncodingDeclaredOther)
		return b
	case utf8.Valid(b):
		q.add(XMLEncodingFalse)
		return b
	}
	q.add(EncodingDeclaredOther)
	if out, err := enc.NewDecoder().Bytes(b); err == nil {
		return out
	}
	return b
}

// pseudoAttr reads version or encoding from an XML declaration.
func pseudoAttr(decl, name string) string {
	_, rest, ok := strings.Cut(decl, name)
	if !ok {
		return ""
	}
	rest = strings.TrimLeft(rest, " \t\r\n=")
	if rest == "" {
		return ""
	}
	if quote := rest[0]; quote == '"' || quote == '\'' {
		rest, _, _ = strings.Cut(rest[1:], string(quote))
		return strings.TrimSpace(rest)
	}
	if i := strings.IndexAny(rest, " \t\r\n"); i >= 0 {
		rest = rest[:i]
	}
	return strings.TrimRight(rest, "?/")
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
