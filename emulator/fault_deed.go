package emulator

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/igdkit/igdkit/internal/http1"
)

// deed is what the faults that act on one occasion make of it together: the first verb, and the edits up to and with those of
// that fault. The zero value changes nothing.
type deed struct {
	acted     bool
	verb      *Deed  // of the fault whose verb ends the occasion; nil: none
	edits     []edit // of named values
	bytes     []*Deed
	delay     time.Duration // altogether
	duplicate int           // altogether
	drip      *Drip         // of these the last
	split     []int
	truncate  *int
	random    int
	sendFrom  *Origin
	seed      uint64 // of what is chosen by chance on the wire
}

// add lets one more fault act, and reports whether the occasion ends with it.
func (d *deed) add(f *fault) (ends bool) {
	do := &f.Do
	d.acted = true
	d.edits = append(d.edits, f.edits...)
	if do.Replace != nil || do.Prefix != nil || do.Suffix != nil {
		d.bytes = append(d.bytes, do)
	}
	d.delay += do.Delay.draw(f.schedule.chance)
	d.duplicate += do.Duplicate
	if do.Drip != nil {
		d.drip = do.Drip
	}
	if do.Split != nil {
		d.split = do.Split
	}
	if do.Truncate != nil {
		d.truncate = do.Truncate
	}
	if do.SendFrom != nil {
		d.sendFrom = do.SendFrom
	}
	if do.Random > 0 {
		d.random = do.Random
	}
	if do.Drip != nil || do.SendFrom != nil || do.Random > 0 {
		d.seed = f.schedule.chance.Uint64()
	}
	if f.ends {
		d.verb = do
	}
	return f.ends
}

// refused is the UPnP error of d, nil when it has none.
func (d *deed) refused() error {
	if d.verb == nil || d.verb.UPnPError == nil {
		return nil
	}
	return *d.verb.UPnPError
}

// unstored reports whether success is answered and the table stays as it is.
func (d *deed) unstored() bool { return d.verb != nil && d.verb.Store != nil && !*d.verb.Store }

// silent reports whether no event is to tell of it.
func (d *deed) silent() bool { return d.verb != nil && d.verb.Silent }

// unanswered reports whether a call is neither done nor answered in SOAP.
func (d *deed) unanswered() bool { return d.verb != nil && d.verb.UPnPError == nil }

// status is the HTTP status that is answered instead; 0 when nothing is.
func (d *deed) status() int {
	if d.verb == nil || d.verb.HTTPStatus == nil {
		return 0
	}
	return d.verb.HTTPStatus.Status
}

// dropped reports whether a datagram or event is lost.
func (d *deed) dropped() bool { return d.verb != nil && d.verb.Drop }

// end is how the connection ends instead of an answer, nil when d leaves that alone.
func (d *deed) end() *http1.Reply {
	if d.verb == nil {
		return nil
	}
	switch v := d.verb; {
	case v.Hang:
		return &http1.Reply{End: http1.Hang}
	case v.Close == RST:
		return &http1.Reply{End: http1.RST}
	case v.Close == FIN || v.Drop:
		return &http1.Reply{End: http1.FIN}
	}
	return nil
}

// instead is what is answered to req instead of the truth, nil when d leaves that alone.
func (g *Gateway) instead(req *http1.Request, d *deed) *http1.Reply {
	if d.verb != nil && d.verb.HTTPStatus != nil {
		return g.statusReply(req, d.verb.HTTPStatus)
	}
	return d.end()
}

// statusReply is the answer to req that r describes.
func (g *Gateway) statusReply(req *http1.Request, r *StatusReply) *http1.Reply {
	if r.Head != "" {
		fixed := map[string]string{"server": g.dialect.http.server}
		if r.Reason != "" {
			fixed["reason"] = r.Reason
		}
		if r.Type != "" {
			fixed["type"] = r.Type
		}
		return g.reply(req, newHead(r.Head, fixed), answer{status: r.Status, body: []byte(r.Body)})
	}
	fields := http1.Fields{}
	if r.Type != "" {
		fields = append(fields, http1.Field{Name: "Content-Type", Value: r.Type})
	} else if r.Body != "" {
		fields = append(fields, http1.Field{Name: "Content-Type", Value: "text/html"})
	}
	reply := http1.NewReply(r.Status, fields, []byte(r.Body))
	if r.Reason != "" {
		reply.Line = http1.StatusLine(r.Status, r.Reason)
	}
	return reply
}

// late is reply after the delay of d.
func (d *deed) late(reply *http1.Reply) *http1.Reply {
	reply.Delay += d.delay
	return reply
}

// rand is what chance on the wire is drawn from.
func (d *deed) rand() *rand.Rand { return rand.New(rand.NewPCG(d.seed, 0x77697265)) } // "wire"

// maxRewritten is how long a message can become. Replacements of what others have put there grow by their product.
const maxRewritten = 16 << 20

// rewriteBytes is b after all that d replaces and puts around it. What would make it too long is left out.
func (d *deed) rewriteBytes(b []byte) []byte {
	for _, do := range d.bytes {
		for _, r := range do.Replace {
			by := r.with()
			if len(by) <= len(r.Find) || len(b)+bytes.Count(b, []byte(r.Find))*(len(by)-len(r.Find)) <= maxRewritten {
				b = bytes.ReplaceAll(b, []byte(r.Find), []byte(by))
			}
		}
		var before, behind Bytes
		if do.Prefix != nil {
			before = *do.Prefix
		}
		if do.Suffix != nil {
			behind = *do.Suffix
		}
		if n := len(before) + len(behind); 0 < n && len(b)+n <= maxRewritten {
			b = slices.Concat(before, b, behind)
		}
	}
	return b
}

func (r *Replacement) with() string {
	if r.Hex != nil {
		return string(*r.Hex)
	}
	if r.Text != nil {
		return *r.Text
	}
	return ""
}

// verbs are the words of the verbs in d.
func (d *Deed) verbs() []string { return given(*d, "verb") }

// words say in the journal what d does.
func (d *Deed) words() string {
	all := given(*d, "")
	for i, word := range all {
		switch word {
		case "upnp-error":
			all[i] += " " + strconv.Itoa(d.UPnPError.Code)
		case "http-status":
			all[i] += " " + strings.TrimSpace(strconv.Itoa(d.HTTPStatus.Status)+" "+http.StatusText(d.HTTPStatus.Status))
		case "close":
			all[i] += " " + string(d.Close)
		case "store":
			all[i] = "store false"
		case "set":
			all[i] += " " + strings.Join(sortedKeys(d.Set), " ")
		case "rename":
			all[i] += " " + strings.Join(sortedKeys(d.Rename), " ")
		case "remove":
			all[i] += " " + strings.Join(d.Remove, " ")
		}
	}
	return strings.Join(all, ", ")
}
