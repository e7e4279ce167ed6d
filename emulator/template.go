package emulator

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/igdkit/igdkit/internal/words"
)

// Template is text as it stands on the wire, with words in braces that are filled in: {udn}. Which words there are depends on the place;
// two braces are one, and {blank}, {cr} and {lf} are what editors and YAML lose. A word that stands alone on its line takes the line with it when it has nothing to say, and gives its indentation to
// all of its lines.
//
// Words of chance are known everywhere in a description: {hex 8}, {upper-hex 12}, {digits 18}, {letters 10} or {upper 4} of capital
// letters and digits, with any name behind to tell one from another: {letters 10 control}. The seed chooses; the same words are the same text, until a reboot with new paths, or in a UDN
// with a new UDN.
type Template string

// UnmarshalText reads a template whose braces are well formed.
func (t *Template) UnmarshalText(text []byte) error {
	*t = Template(text)
	_, err := t.pieces()
	return err
}

// piece is literal text or, if word is not empty, a word.
type piece struct{ text, word string }

// pieces takes t apart. Neighbouring texts are one.
func (t Template) pieces() ([]piece, error) {
	var all []piece
	var text strings.Builder
	s := string(t)
	for s != "" {
		i := strings.IndexAny(s, "{}")
		if i < 0 {
			break
		}
		text.WriteString(s[:i])
		brace := s[i]
		s = s[i+1:]
		if s != "" && s[0] == brace {
			text.WriteByte(brace)
			s = s[1:]
			continue
		}
		word, rest, ok := strings.Cut(s, "}")
		if brace == '}' || !ok {
			return nil, errors.New("a brace stands alone: {word} is a word, {{ and }} are braces")
		}
		if word == "" || strings.ContainsAny(word, "{\r\n") {
			return nil, fmt.Errorf("{%s} is no word", word)
		}
		s = rest
		if literal, ok := literal(word); ok {
			text.WriteString(literal)
			continue
		}
		if text.Len() > 0 {
			all = append(all, piece{text: text.String()})
			text.Reset()
		}
		all = append(all, piece{word: word})
	}
	text.WriteString(s)
	if text.Len() > 0 {
		all = append(all, piece{text: text.String()})
	}
	return all, nil
}

// literal is what editors and YAML lose or spoil.
func literal(word string) (string, bool) {
	switch word {
	case "blank":
		return " ", true
	case "cr":
		return "\r", true
	case "lf":
		return "\n", true
	}
	return "", false
}

// filler appends what a word stands for; false when it has no value.
type filler func(b []byte, word string) ([]byte, bool)

// line is one line of a template.
type line struct {
	pieces []piece
	indent string // of a word that stands alone
	alone  bool
	end    string // line break; empty at the end of a template that has none
}

// lines takes t apart by lines that end with end. A template that New has checked cannot fail. Where end is empty, all is one line, and
// indentation is none.
func (t Template) lines(end string) []line {
	var all []line
	for text := range strings.Lines(string(t)) {
		body := strings.TrimSuffix(text, "\n")
		l := line{}
		if len(body) < len(text) {
			l.end = end
		}
		if end == "" {
			body = strings.Trim(body, " \t")
		}
		pieces, err := Template(body).pieces()
		if err != nil {
			pieces = []piece{{text: body}}
		}
		l.pieces = pieces
		word := strings.TrimLeft(body, " \t")
		if n := len(pieces); n > 0 && pieces[n-1].word != "" && word == "{"+pieces[n-1].word+"}" {
			l.indent, l.alone = body[:len(body)-len(word)], true
			l.pieces = pieces[n-1:]
		}
		all = append(all, l)
	}
	return all
}

// bind fills in the words that fixed has.
func bind(pieces []piece, fixed map[string]string) []piece {
	var all []piece
	for _, p := range pieces {
		if value, ok := fixed[p.word]; ok && p.word != "" {
			p = piece{text: value}
		}
		if n := len(all); n > 0 && p.word == "" && all[n-1].word == "" {
			all[n-1].text += p.text
			continue
		}
		all = append(all, p)
	}
	return all
}

// fill appends the lines with their words filled in.
func fill(b []byte, lines []line, w filler) []byte {
	for i := range lines {
		b = lines[i].fill(b, w)
	}
	return b
}

func (l *line) fill(b []byte, w filler) []byte {
	start := len(b)
	for _, p := range l.pieces {
		if p.word == "" {
			b = append(b, p.text...)
			continue
		}
		from := len(b)
		var ok bool
		if b, ok = w(b, p.word); !ok || l.alone && len(b) == from {
			return b[:start]
		}
		if l.alone {
			b = l.reflow(b, from)
		}
	}
	return append(b, l.end...)
}

// reflow indents what a word gave, which begins at from, as the word was. It moves the lines from the last to the first.
func (l *line) reflow(b []byte, from int) []byte {
	end := from + len(bytes.TrimRight(b[from:], "\r\n"))
	if b = b[:end]; end == from || l.indent == "" {
		return b
	}
	lines := 1 + bytes.Count(b[from:], []byte{'\n'})
	b = slices.Grow(b, lines*len(l.indent))[:end+lines*len(l.indent)]
	for at := len(b); end > from; {
		begin := from + 1 + bytes.LastIndexByte(b[from:end-1], '\n')
		at -= copy(b[at-(end-begin):at], b[begin:end])
		at -= copy(b[at-len(l.indent):at], l.indent)
		end = begin
	}
	return b
}

// expand fills in a template that is no more than a value. A word without a value is nothing.
func (t Template) expand(w filler) string {
	pieces, err := t.pieces()
	if err != nil {
		return string(t)
	}
	var b []byte
	for _, p := range pieces {
		b = append(b, p.text...)
		if p.word != "" {
			b, _ = w(b, p.word)
		}
	}
	return string(b)
}

// has reports whether t has a word.
func (t Template) has(word string) bool {
	pieces, _ := t.pieces()
	return slices.Contains(pieces, piece{word: word})
}

// problems reports words that are neither among known nor of chance.
func (t Template) problems(at []any, report report, chance bool, known ...string) {
	pieces, err := t.pieces()
	if err != nil {
		report(at, "", "%v", err)
		return
	}
	for _, p := range pieces {
		if p.word == "" || slices.Contains(known, p.word) {
			continue
		}
		if chance {
			if _, _, ok := drawnBy(p.word); ok {
				continue
			}
		}
		report(at, words.Nearest(p.word, known), "there is no word {%s} here, only {%s}", p.word, strings.Join(known, "}, {"))
	}
}
