package scenarios_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Segments, connections and versions of HTTP.
func soapTransportRows() []row {
	return []row{
		{
			id:   "soap-one-segment",
			look: func(s *street) string { return s.inTwo(s.anyCall()) + ", " + s.outcome(s.anyCall()) },
			want: "silence, 200", sound: "200, 200",
		},
		{
			id:   "soap-split-411", // cybergarage/cybergarage-upnp#21
			look: func(s *street) string { return s.inTwo(s.anyCall()) + ", " + s.outcome(s.anyCall()) },
			want: "411, 200", sound: "200, 200",
		},
		{
			id:   "soap-no-half-close",
			look: func(s *street) string { return s.halfClosed(s.anyCall()) + ", " + s.outcome(s.anyCall()) },
			want: "closed, 200", sound: "200, 200",
		},
		{
			id: "soap-chunked-on-11",
			look: func(s *street) string {
				return s.framing(s.anyCall()) + ", " + s.framing(s.changed(s.anyCall(), "HTTP/1.1", "HTTP/1.0")) + ", " +
					s.framing(get("/description.xml"))
			},
			want: "chunked, length, chunked", sound: "length, length, length",
		},
		{
			id: "soap-10-rejected",
			look: func(s *street) string {
				return s.outcomes(s.changed(s.anyCall(), "HTTP/1.1", "HTTP/1.0"), s.anyCall(), s.changed(get("/description.xml"), "HTTP/1.1", "HTTP/1.0"))
			},
			want: "closed, 200, 200", sound: "200, 200, 200",
		},
		{
			id:   "soap-length-required",
			look: func(s *street) string { return s.outcomes(s.inChunks(s.anyCall()), s.anyCall()) },
			want: "411, 200", sound: "200, 200",
		},
		{
			id:   "soap-length-required: {refusal: {upnp-error: 402}}", // SpinlockLabs/upnp.dart#19
			look: func(s *street) string { return s.outcomes(s.inChunks(s.anyCall()), s.anyCall()) },
			want: "500 402, 200", sound: "200, 200",
		},
		{
			id: "soap-open-conn-limit",
			look: func(s *street) string {
				c := s.dial(s.pc)
				kept := s.changed(s.anyCall(), "Connection: close\r\n", "")
				on := s.onOne(c, kept, 6)
				c.Close()
				s.sleep(time.Second) // until it is closed there, too
				return on + "; open at once " + s.openAtOnce(s.anyCall(), 5)
			},
			want:  "200 200 200 closed; open at once 200 200 200 closed closed",
			sound: "200 200 200 200 200 200; open at once 200 200 200 200 200",
		},
		{
			id: "soap-overload",
			look: func(s *street) string {
				var all []string
				for range 12 {
					all = append(all, s.outcome(s.anyCall())) // a minute passes in silence
				}
				for range 30 {
					s.sleep(500 * time.Millisecond)
					all = append(all, s.outcome(s.anyCall()))
				}
				return count(all)
			},
			want: "10 × 200, silence, 31 × 200", sound: "42 × 200",
		},
	}
}

// framing is how the end of an answer's body is told.
func (s *street) framing(request string) string {
	s.t.Helper()
	answer, _ := s.exchange(request)
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answer)), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	switch {
	case err != nil || !strings.HasSuffix(strings.TrimSpace(string(body)), ">"):
		return fmt.Sprintf("%q, %v", body, err)
	case len(resp.TransferEncoding) > 0:
		return resp.TransferEncoding[0]
	case resp.ContentLength >= 0:
		return "length"
	}
	return "close"
}

// onOne are the statuses that come back to n requests on one connection, and how it ends, if it does before.
func (s *street) onOne(c io.ReadWriter, request string, n int) string {
	s.t.Helper()
	var all []string
	r := bufio.NewReader(c)
	for range n {
		if _, err := io.WriteString(c, request); err != nil {
			return strings.Join(append(all, ending(err)), " ")
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return strings.Join(append(all, "closed"), " ")
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			s.t.Fatal(err)
		}
		resp.Body.Close()
		all = append(all, fmt.Sprint(resp.StatusCode))
	}
	return strings.Join(all, " ")
}

// openAtOnce is what n connections give that are all there before the first of them says something.
func (s *street) openAtOnce(request string, n int) string {
	s.t.Helper()
	var conns []io.ReadWriter
	for range n {
		conns = append(conns, s.dial(s.pc))
	}
	kept := s.changed(request, "Connection: close\r\n", "")
	var all []string
	for _, c := range conns {
		all = append(all, s.onOne(c, kept, 1))
	}
	return strings.Join(all, " ")
}

// count writes what comes several times in a row once.
func count(all []string) string {
	var runs []string
	for i := 0; i < len(all); {
		n := 1
		for i+n < len(all) && all[i+n] == all[i] {
			n++
		}
		if run := all[i]; n == 1 {
			runs = append(runs, run)
		} else {
			runs = append(runs, fmt.Sprint(n, " × ", run))
		}
		i += n
	}
	return strings.Join(runs, ", ")
}
