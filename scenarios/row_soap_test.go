package scenarios_test

import (
	"encoding/xml"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// answered is what became of a request.
type answered struct {
	text  string // all that came before the end of the connection
	after time.Duration
}

// both sends two requests on connections of their own: the second when the first is there, or half of it, which then gets its other half
// when the second is over.
func (s *street) both(first, second string, half bool) (one, two answered) {
	s.t.Helper()
	a, b := s.dial(s.pc), s.dial(s.pc)
	begin := time.Now()
	cut := len(first)
	if half {
		cut /= 2
	}
	if _, err := io.WriteString(a, first[:cut]); err != nil {
		s.t.Fatal(err)
	}
	synctest.Wait()
	if _, err := io.WriteString(b, second); err != nil {
		s.t.Fatal(err)
	}
	read := func(c io.Reader) answered {
		all, err := io.ReadAll(c)
		if err != nil {
			s.t.Fatal(err)
		}
		return answered{string(all), time.Since(begin)}
	}
	two = read(b)
	if _, err := io.WriteString(a, first[cut:]); err != nil {
		s.t.Fatal(err)
	}
	return read(a), two
}

// soap-no-concurrency: go-ethereum maps TCP and UDP at once, and the ZTE F660 ends one of the connections: EOF, no bytes.
func TestNoConcurrency(t *testing.T) {
	tests := []struct {
		use   string
		alone bool          // it takes one at a time
		busy  time.Duration // time that one takes
	}{
		{use: "igd1"},
		{use: "soap-no-concurrency", alone: true, busy: 200 * time.Millisecond},
		{use: "soap-no-concurrency: {busy: 3s}", alone: true, busy: 3 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.use, func(t *testing.T) {
			for name, half := range map[string]bool{"while it is sent": true, "while it is answered": false} {
				t.Run(name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						s := play(t, tt.use, 1)
						c := s.connections()[0]
						one, two := s.both(c.add("TCP", 30303, "192.168.1.10", 0), c.add("UDP", 30303, "192.168.1.10", 0), half)
						if tt.alone && (two != answered{}) {
							t.Errorf("the second: %q after %v, want nothing at once", two.text, two.after)
						}
						if !tt.alone && understand(t, two.text).status != http.StatusOK {
							t.Errorf("the second: %q", two.text)
						}
						if understand(t, one.text).status != http.StatusOK || one.after != tt.busy {
							t.Errorf("the first: %q after %v, want it answered after %v", one.text, one.after, tt.busy)
						}
						want := []string{"TCP 30303"}
						if !tt.alone {
							want = append(want, "UDP 30303")
						}
						got := s.listed(c)
						slices.Sort(got) // without the quirk, the second is there before the other half of the first
						if diff := cmp.Diff(want, got); diff != "" {
							t.Errorf("mapped (-want +got)\n%s", diff)
						}
					})
				})
			}
			// One after the other they are both answered, and so is a description while a request is open.
			synctest.Test(t, func(t *testing.T) {
				s := play(t, tt.use, 1)
				c := s.connections()[0]
				for _, protocol := range []string{"TCP", "UDP"} {
					s.ok(c.add(protocol, 30303, "192.168.1.10", 0))
				}
				if diff := cmp.Diff([]string{"TCP 30303", "UDP 30303"}, s.listed(c)); diff != "" {
					t.Errorf("mapped (-want +got)\n%s", diff)
				}
				open := s.dial(s.nas)
				request := c.request("GetStatusInfo")
				io.WriteString(open, request[:50])
				synctest.Wait()
				s.tree()
				io.WriteString(open, request[50:])
				body(t, open)
			})
		})
	}
}

// soap-resp-corrupt-bytes: the Archer C8 sent Invalid Actio, then bytes that are no text, then rrorDescription>.
func TestRespCorruptBytes(t *testing.T) {
	const corrupt = "soap-resp-corrupt-bytes"
	// talk is what a gateway answers to a call: head and body.
	talk := func(use, action string, args ...string) (head, text string) {
		synctest.Test(t, func(t *testing.T) {
			s := play(t, use, 1)
			c := s.connections()[0]
			head, text, _ = strings.Cut(s.send(s.pc, c.request(action, args...)), "\r\n\r\n")
		})
		return head, text
	}
	missing := []string{"NewRemoteHost", "", "NewExternalPort", "1", "NewProtocol", "TCP"}
	for _, tt := range []struct {
		action string
		args   []string
		code   string
		sound  string // the description and what follows it
		broken string
	}{
		{"NoSuchAction", nil, "401", "Invalid Action</errorDescription>", "Invalid Actio\xef\xbf\xef\xbfrrorDescription>"},
		{"GetSpecificPortMappingEntry", missing, "714", "NoSuchEntryInArray</errorDescription>", "NoSuchEntryInArray\xef\xbf\xefrrorDescription>"},
	} {
		soundHead, sound := talk("igd1", tt.action, tt.args...)
		head, text := talk(corrupt, tt.action, tt.args...)
		if want := strings.Replace(sound, tt.sound, tt.broken, 1); text != want || want == sound {
			t.Errorf("%s (-want +got)\n%s", tt.action, cmp.Diff(want, text))
		}
		// Bytes are overwritten: the length is what it would be.
		if head != soundHead || !strings.HasPrefix(head, "HTTP/1.1 500 ") {
			t.Errorf("%s: head (-want +got)\n%s", tt.action, cmp.Diff(soundHead, head))
		}
		if !strings.Contains(text, "<errorCode>"+tt.code+"</errorCode>") {
			t.Errorf("%s: the code is not intact: %q", tt.action, text)
		}
		if err := xml.Unmarshal([]byte(text), new(struct{})); err == nil {
			t.Errorf("%s: encoding/xml reads %q", tt.action, text)
		}
		if err := xml.Unmarshal([]byte(sound), new(struct{})); err != nil {
			t.Errorf("%s: igd1 writes %q: %v", tt.action, sound, err)
		}
	}
	// Nothing else is touched.
	_, sound := talk("igd1", "GetExternalIPAddress")
	if _, text := talk(corrupt, "GetExternalIPAddress"); text != sound || !strings.Contains(text, external) {
		t.Errorf("success (-want +got)\n%s", cmp.Diff(sound, text))
	}
	synctest.Test(t, func(t *testing.T) {
		play(t, corrupt, 1).tree()
	})
}
