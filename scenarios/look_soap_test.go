package scenarios_test

import (
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"time"

	"github.com/igdkit/igdkit/emulator"
)

// changed is a request in which each old text, which must stand there once, is a new one; its length is put right where it says one.
func (s *street) changed(request string, pairs ...string) string {
	s.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if n := strings.Count(request, pairs[i]); n != 1 {
			s.t.Fatalf("%q stands %d times in %q", pairs[i], n, request)
		}
		request = strings.Replace(request, pairs[i], pairs[i+1], 1)
	}
	head, body, _ := strings.Cut(request, "\r\n\r\n")
	head = regexp.MustCompile(`Content-Length: \d+`).ReplaceAllString(head, fmt.Sprintf("Content-Length: %d", len(body)))
	return head + "\r\n\r\n" + body
}

// sent is what comes back when a request is written part by part, and what comes of the connection then, as outcome has it.
func (s *street) sent(c net.Conn, parts ...string) string {
	s.t.Helper()
	c.SetDeadline(time.Now().Add(time.Minute))
	for _, part := range parts {
		if _, err := io.WriteString(c, part); err != nil {
			return ending(err)
		}
	}
	if h, ok := c.(interface{ CloseWrite() error }); ok && len(parts) > 0 && parts[len(parts)-1] == "" {
		if err := h.CloseWrite(); err != nil {
			s.t.Fatal(err)
		}
	}
	all, err := io.ReadAll(c)
	if len(all) == 0 {
		return ending(err)
	}
	return strings.Fields(string(all))[1]
}

// inTwo is the outcome of a request whose body is a segment of its own.
func (s *street) inTwo(request string) string {
	s.t.Helper()
	head, body, _ := strings.Cut(request, "\r\n\r\n")
	return s.sent(s.dial(s.pc), head+"\r\n\r\n", body)
}

// halfClosed is the outcome of a request behind which the client ends its half of the connection.
func (s *street) halfClosed(request string) string {
	s.t.Helper()
	return s.sent(s.dial(s.pc), request, "")
}

// unlessOK is an answer as it is, or only "200" when that is its status.
func (s *street) unlessOK(request string) string {
	s.t.Helper()
	answer, _ := s.exchange(request)
	if strings.HasPrefix(answer, "HTTP/1.1 200 ") {
		return "200"
	}
	return answer
}

// outcomes are those of several requests, one after the other.
func (s *street) outcomes(requests ...string) string {
	s.t.Helper()
	var all []string
	for _, r := range requests {
		all = append(all, s.outcome(r))
	}
	return strings.Join(all, ", ")
}

// anyCall is a call that every gateway answers.
func (s *street) anyCall() string {
	s.t.Helper()
	return s.connections()[0].request("GetExternalIPAddress")
}

// unquoted is a call with its SOAPAction bare.
func (s *street) unquoted() string {
	s.t.Helper()
	return regexp.MustCompile(`SOAPAction: "(.*)"`).ReplaceAllString(s.anyCall(), "SOAPAction: $1")
}

// named is a call with another SOAPAction; "" takes the field away.
func (s *street) named(action string) string {
	s.t.Helper()
	if action != "" {
		action = "SOAPAction: " + action + "\r\n"
	}
	return regexp.MustCompile(`SOAPAction: .*\r\n`).ReplaceAllLiteralString(s.anyCall(), action)
}

// inChunks is a request whose body comes in one chunk.
func (s *street) inChunks(request string) string {
	s.t.Helper()
	head, body, _ := strings.Cut(request, "\r\n\r\n")
	head = regexp.MustCompile(`Content-Length: \d+`).ReplaceAllString(head, "Transfer-Encoding: chunked")
	return fmt.Sprintf("%s\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", head, len(body), body)
}

// text is the body of an answer, as it is.
func (s *street) text(request string) string {
	s.t.Helper()
	answer, _ := s.exchange(request)
	_, body, found := strings.Cut(answer, "\r\n\r\n")
	if !found {
		s.t.Fatalf("no head in %q", answer)
	}
	return body
}

// head is the head of an answer, as it is, and how and when the connection ends.
func (s *street) head(request string) string {
	s.t.Helper()
	begin := time.Now()
	answer, end := s.exchange(request)
	head, _, _ := strings.Cut(answer, "\r\n\r\n")
	return head + fmt.Sprint(", ", end, " after ", time.Since(begin))
}

// descriptions are the texts with which errors are told.
func (s *street) descriptions(codes ...int) string {
	s.t.Helper()
	var all []string
	for _, code := range codes {
		fault := emulator.Fault{Name: "refused", On: "soap.GetStatusInfo", Do: emulator.Deed{UPnPError: &emulator.ErrorReply{Code: code}}}
		if err := s.gateways[0].AddFault(fault); err != nil {
			s.t.Fatal(err)
		}
		a := s.ask(s.connections()[0].request("GetStatusInfo"))
		if a.args["errorCode"] != fmt.Sprint(code) {
			s.t.Fatalf("%v, want error %d", a, code)
		}
		all = append(all, a.args["errorDescription"])
		s.gateways[0].RemoveFault("refused")
	}
	return strings.Join(all, ", ")
}
