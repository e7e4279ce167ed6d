package emulator

import (
	"net/http"
	"strconv"
	"time"

	"github.com/igdkit/igdkit/internal/http1"
)

// ssdpDialect are the datagrams of SSDP.
type ssdpDialect struct {
	*SSDPDialect
	maxAge                       time.Duration
	reply, alive, byebye, update *head
}

func newSSDPDialect(d *Dialect) ssdpDialect {
	c := ssdpDialect{SSDPDialect: &d.SSDP, maxAge: time.Duration(d.SSDP.MaxAge)}
	if c.maxAge == 0 {
		c.maxAge = idealMaxAge
	}
	fixed := map[string]string{"server": d.server(d.SSDP.Server), "max-age": strconv.FormatInt(int64(c.maxAge/time.Second), 10)}
	for _, m := range []struct {
		head         **head
		t, otherwise Template
	}{
		{&c.reply, d.SSDP.Reply, idealReply}, {&c.alive, d.SSDP.Alive, idealAlive},
		{&c.byebye, d.SSDP.ByeBye, idealByeBye}, {&c.update, d.SSDP.Update, idealUpdate},
	} {
		*m.head = newHead(defaultTo(m.t, m.otherwise), fixed)
	}
	return c
}

// message is one datagram about t, which goes by the name nt.
func (s *ssdpServer) message(h *head, ad advertisement, t target, nt string) http1.Message {
	return h.message(func(b []byte, word string) ([]byte, bool) {
		switch word {
		case "location":
			return append(b, ad.location...), true
		case "st":
			return append(b, nt...), true
		case "usn":
			return append(b, t.usnAs(nt)...), true
		case "udn":
			return append(b, t.udn...), true
		case "host":
			return s.group.AppendTo(b), true
		case "date":
			return time.Now().UTC().AppendFormat(b, http.TimeFormat), true
		case "bootid":
			return strconv.AppendUint(b, uint64(ad.bootID), 10), true
		case "nextbootid":
			return strconv.AppendUint(b, uint64(ad.nextBootID), 10), true
		case "configid":
			return strconv.AppendUint(b, uint64(ad.configID), 10), true
		case "searchport":
			if s.searchPort != nil {
				return strconv.AppendUint(b, uint64(*s.searchPort), 10), true
			}
		}
		return ad.chance.append(b, word)
	})
}
