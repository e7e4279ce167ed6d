package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Entry is one line of a gateway's journal.
type Entry struct {
	Seq     uint64         `json:"seq"` // from 1, without gaps
	Time    time.Time      `json:"time"`
	Gateway string         `json:"gateway"`
	Kind    string         `json:"kind"`             // layer and what happened: "ssdp.search", "http.request", "soap.call", "gena.notify", "state.mapping-added"
	Peer    netip.AddrPort `json:"peer,omitzero"`    // the other side; zero when nobody
	Name    string         `json:"name,omitempty"`   // the action, search target, path or service it is about
	Status  int            `json:"status,omitempty"` // HTTP status answered or received
	Code    int            `json:"code,omitempty"`   // UPnP error code answered
	Details Details        `json:"details,omitempty"`
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

// journalSize is how many entries are kept in memory; the writer gets all of them.
const journalSize = 4096

// journal numbers entries, keeps the latest and writes all.
type journal struct {
	mu   sync.Mutex
	name string
	w    io.Writer
	err  error // the first failure of w, which ends writing
	seq  uint64
	ring []Entry // oldest at seq%journalSize once full
}

func (j *journal) add(e Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seq++
	e.Seq, e.Gateway = j.seq, j.name
	if len(j.ring) < journalSize {
		j.ring = append(j.ring, e)
	} else {
		j.ring[(j.seq-1)%journalSize] = e
	}
	if j.w == nil || j.err != nil {
		return
	}
	line, err := json.Marshal(e)
	if err == nil {
		_, err = j.w.Write(append(line, '\n'))
	}
	if err != nil {
		j.err = fmt.Errorf("emulator: journal: %w", err)
	}
}

// entries are those in memory, oldest first.
func (j *journal) entries() []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.ring) < journalSize {
		return slices.Clone(j.ring)
	}
	start := j.seq % journalSize
	return slices.Concat(j.ring[start:], j.ring[:start])
}

func (j *journal) failure() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}
