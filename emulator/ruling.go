package emulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ruling is what happens in one case: a word, or a UPnP error written as its code, with or without a text. The empty one is what
// the standard says.
type ruling interface {
	~string
	Words() []string
}

// Permission is whether something is accepted.
type Permission string

// Words are those of a Permission that is no error.
func (Permission) Words() []string { return []string{"accepted"} }

// UnmarshalText reads accepted or an error.
func (r *Permission) UnmarshalText(text []byte) error { return rule(r, text) }

func (r Permission) problem() error { return checkRuling(r) }

// TooLong is what becomes of a value beyond its limit.
type TooLong string

// Words are those of a TooLong that is no error.
func (TooLong) Words() []string { return []string{"cut"} }

// UnmarshalText reads cut or an error.
func (r *TooLong) UnmarshalText(text []byte) error { return rule(r, text) }

func (r TooLong) problem() error { return checkRuling(r) }

// EqualPorts is what becomes of unequal ports.
type EqualPorts string

// Words are those of EqualPorts that are no error.
func (EqualPorts) Words() []string { return []string{"forced"} }

// UnmarshalText reads forced or an error.
func (r *EqualPorts) UnmarshalText(text []byte) error { return rule(r, text) }

func (r EqualPorts) problem() error { return checkRuling(r) }

// EmptyClient is who an empty internal client is.
type EmptyClient string

// Words are those of an EmptyClient that is no error.
func (EmptyClient) Words() []string { return []string{"caller"} }

// UnmarshalText reads caller or an error.
func (r *EmptyClient) UnmarshalText(text []byte) error { return rule(r, text) }

func (r EmptyClient) problem() error { return checkRuling(r) }

// Taken is what becomes of an add for which there is an entry already.
type Taken string

// Words are those of a Taken that is no error.
func (Taken) Words() []string { return []string{"accepted", "overwrite", "duplicate"} }

// UnmarshalText reads accepted, overwrite, duplicate or an error.
func (r *Taken) UnmarshalText(text []byte) error { return rule(r, text) }

func (r Taken) problem() error { return checkRuling(r) }

// ListEnd is what lies beyond the last entry.
type ListEnd string

// Words are those of a ListEnd that is no error.
func (ListEnd) Words() []string { return []string{"last"} }

// UnmarshalText reads last or an error.
func (r *ListEnd) UnmarshalText(text []byte) error { return rule(r, text) }

func (r ListEnd) problem() error { return checkRuling(r) }

// rule sets *r to text if it is one of its words or an error.
func rule[T ruling](r *T, text []byte) error {
	if err := checkRuling(T(text)); err != nil {
		return err
	}
	*r = T(text)
	return nil
}

func checkRuling[T ruling](r T) error {
	if words := r.Words(); r != "" && !slices.Contains(words, string(r)) && errorOf(r).Code == 0 {
		return fmt.Errorf("%q is neither %s nor a UPnP error from 400 to 999, such as 501 or \"501 Table full\"", r, strings.Join(words, " nor "))
	}
	return nil
}

// errorOf is the error that r is; its code is 0 when r is a word.
func errorOf[T ruling](r T) ErrorReply {
	number, text, worded := strings.Cut(string(r), " ")
	n, err := strconv.Atoi(number)
	if err != nil || !upnpCode(n) {
		return ErrorReply{}
	}
	e := ErrorReply{Code: n}
	if worded {
		e.Text = &text
	}
	return e
}

// upnpCode reports whether n can be the code of a UPnP error (UDA 1.1 §3.1.3).
func upnpCode(n int) bool { return n >= 400 && n <= 999 }
