package emulator

import (
	"strings"

	"github.com/igdkit/igdkit/internal/http1"
)

// head is a template of a start line and header fields, taken apart.
type head struct {
	line   []piece
	fields []headField
}

// headField is one line: ready as it is, or with words in its value.
type headField struct {
	http1.Field
	value []piece
}

// newHead takes t apart. What fixed holds is filled in at once.
func newHead(t Template, fixed map[string]string) *head {
	h := &head{}
	for i, text := range strings.Split(strings.TrimSuffix(string(t), "\n"), "\n") {
		pieces, err := Template(text).pieces()
		if err != nil {
			pieces = []piece{{text: text}}
		}
		if pieces = bind(pieces, fixed); i == 0 {
			h.line = pieces
		} else {
			h.fields = append(h.fields, newHeadField(pieces))
		}
	}
	return h
}

// newHeadField finds name and colon in the text before the first word. A line that has no colon there is its own value.
func newHeadField(pieces []piece) headField {
	var f headField
	if len(pieces) > 0 && pieces[0].word == "" {
		text := pieces[0].text
		if i := strings.IndexByte(text, ':'); i >= 0 {
			rest := strings.TrimLeft(text[i+1:], " \t")
			f.Name, f.Colon = text[:i], text[i:len(text)-len(rest)]
			pieces = append([]piece{{text: rest}}, pieces[1:]...)
		}
	}
	for _, p := range pieces {
		if p.word != "" {
			f.value = pieces
			return f
		}
	}
	if len(pieces) > 0 {
		f.Value = pieces[0].text
	}
	if f.Value == "" && f.Colon == ":" {
		f.Colon = "" // the usual: a fault that sets a value wants a blank before it
	}
	return f
}

// message is the head with its words filled in. Lines with a word that has no value are left out.
func (h *head) message(w filler) http1.Message {
	// All values are parts of one string, which is made when the last is known.
	b, _ := fillIn(make([]byte, 0, 320), h.line, w)
	line := len(b)
	fields := make(http1.Fields, 0, len(h.fields)+2)
	ends := make([]int, 0, 32)
	for i := range h.fields {
		f := &h.fields[i]
		filled, ok := fillIn(b, f.value, w)
		if !ok {
			continue
		}
		b = filled
		fields, ends = append(fields, f.Field), append(ends, len(b))
	}
	text := string(b)
	from := line
	for i, end := range ends {
		if from < end {
			fields[i].Value = text[from:end]
		}
		from = end
	}
	return http1.Message{Line: text[:line], Fields: fields}
}

// fillIn appends pieces, and reports whether all words have a value.
func fillIn(b []byte, pieces []piece, w filler) ([]byte, bool) {
	all := true
	for _, p := range pieces {
		b = append(b, p.text...)
		if p.word != "" {
			var ok bool
			b, ok = w(b, p.word)
			all = all && ok
		}
	}
	return b, all
}
