package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"time"
)

// Entry is one line of a gateway's journal.
type Entry struct {
	Seq     uint64         `json:"seq"` // of this gateway's entries, from 1, without gaps
	Time    time.Time      `json:"time"`
	Gateway string         `json:"gateway"`
	Kind    string         `json:"kind"`             // layer and what happened: "ssdp.search", "http.request", "soap.call", "gena.notify", "state.mapping-added"
	Peer    netip.AddrPort `json:"peer,omitzero"`    // the other side; zero when nobody
	Name    string         `json:"name,omitempty"`   // the action, search target, path or service it is about
	Status  int            `json:"status,omitempty"` // HTTP status answered or received
	Code    int            `json:"code,omitempty"`   // UPnP error code answered
	Details Details        `json:"details,omitempty"`
}

// String writes e on one line for people.
func (e Entry) String() string {
	s := fmt.Sprintf("%6d %s %s", e.Seq, e.Time.Format("15:04:05.000"), e.Kind)
	if e.Name != "" {
		s += " " + e.Name
	}
	if e.Peer.IsValid() {
		s += " " + e.Peer.String()
	}
	if e.Status != 0 {
		s += fmt.Sprintf(" → %d", e.Status)
	}
	if e.Code != 0 {
		s += fmt.Sprintf(" (error %d)", e.Code)
	}
	for _, d := range e.Details {
		s += fmt.Sprintf(" %s=%q", d.Name, d.Value)
	}
	return s
}

// Detail is one named value of an [Entry].
type Detail struct{ Name, Value string }

// Details are in the order they were received or written; in JSON they are one object in that order.
type Details []Detail

// Get is the first value of name, "" when there is none.
func (d Details) Get(name string) string {
	for _, x := range d {
		if x.Name == name {
			return x.Value
		}
	}
	return ""
}

// MarshalJSON writes d as an object, keeping its order.
func (d Details) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, x := range d {
		if i > 0 {
			b.WriteByte(',')
		}
		for j, s := range [2]string{x.Name, x.Value} {
			if j > 0 {
				b.WriteByte(':')
			}
			text, err := json.Marshal(s)
			if err != nil {
				return nil, err
			}
			b.Write(text)
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON reads what MarshalJSON writes, in its order.
func (d *Details) UnmarshalJSON(text []byte) error {
	*d = nil
	dec := json.NewDecoder(bytes.NewReader(text))
	if _, err := dec.Token(); err != nil { // {
		return err
	}
	for dec.More() {
		var x Detail
		for _, s := range []*string{&x.Name, &x.Value} {
			token, err := dec.Token()
			if err != nil {
				return err
			}
			word, ok := token.(string)
			if !ok {
				return fmt.Errorf("emulator: %v in details is no text", token)
			}
			*s = word
		}
		*d = append(*d, x)
	}
	return nil
}
