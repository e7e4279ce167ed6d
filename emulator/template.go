package emulator

import (
	"errors"
	"fmt"
	"strings"
)

// Template is text as it stands on the wire, with words in braces that are filled in: {udn}. Which words there are depends on the place;
// two braces are one. A word that stands alone on its line takes the line with it when it has nothing to say, and gives its indentation to
// all of its lines.
//
// Words of chance are known everywhere in a description: {hex 8}, {digits 18}, {letters 10} or {upper 4}, with any name behind to tell
// one from another: {letters 10 control}. The seed chooses; the same words are the same text, until a reboot with new paths, or in a UDN
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

// pieces takes t apart.
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
		if text.Len() > 0 {
			all = append(all, piece{text: text.String()})
			text.Reset()
		}
		all = append(all, piece{word: word})
		s = rest
	}
	text.WriteString(s)
	if text.Len() > 0 {
		all = append(all, piece{text: text.String()})
	}
	return all, nil
}
