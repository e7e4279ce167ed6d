package scenarios_test

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/huin/goupnp"
)

// connection is a WANIPConnection, by the way to it and its type.
type connection struct{ control, urn string }

// connections are those of the description, in its order.
func (s *street) connections() (all []connection) {
	s.t.Helper()
	s.tree().VisitServices(func(v *goupnp.Service) {
		if strings.Contains(v.ServiceType, ":WANIPConnection:") {
			all = append(all, connection{v.ControlURL.Str, v.ServiceType})
		}
	})
	if len(all) == 0 {
		s.t.Fatal("no WANIPConnection is described")
	}
	return all
}

// request is a call of an action with arguments, name and value by turns, on a connection that ends with it.
func (c connection) request(action string, args ...string) string {
	var in strings.Builder
	for i := 0; i < len(args); i += 2 {
		fmt.Fprintf(&in, "<%s>%s</%s>", args[i], args[i+1], args[i])
	}
	envelope := `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">` +
		fmt.Sprintf(`<s:Body><u:%s xmlns:u="%s">%s</u:%s></s:Body></s:Envelope>`, action, c.urn, &in, action)
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: 192.168.1.1\r\nConnection: close\r\nContent-Type: text/xml; charset=\"utf-8\"\r\n"+
		"SOAPAction: \"%s#%s\"\r\nContent-Length: %d\r\n\r\n%s", c.control, c.urn, action, len(envelope), envelope)
}

// add is a call of AddPortMapping; the internal port is the external one.
func (c connection) add(protocol string, port int, client string, lease int) string {
	return c.request("AddPortMapping", "NewRemoteHost", "", "NewExternalPort", fmt.Sprint(port), "NewProtocol", protocol,
		"NewInternalPort", fmt.Sprint(port), "NewInternalClient", client, "NewEnabled", "1", "NewPortMappingDescription", "row", "NewLeaseDuration", fmt.Sprint(lease))
}

// of is a call that names a mapping.
func (c connection) of(action, protocol string, port int) string {
	return c.request(action, "NewRemoteHost", "", "NewExternalPort", fmt.Sprint(port), "NewProtocol", protocol)
}

// at is a call for a mapping by its place in the table.
func (c connection) at(index int) string {
	return c.request("GetGenericPortMappingEntry", "NewPortMappingIndex", fmt.Sprint(index))
}

// said is an answer: its status, and the text of each element that has no others in it.
type said struct {
	status int
	args   map[string]string
}

// ask sends a call from the pc.
func (s *street) ask(request string) said {
	s.t.Helper()
	return understand(s.t, s.send(s.pc, request))
}

func understand(t *testing.T, text string) said {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(text)), nil)
	if err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	a := said{resp.StatusCode, map[string]string{}}
	d := xml.NewDecoder(bytes.NewReader(all))
	leaf := ""
	for {
		token, err := d.Token()
		switch token := token.(type) {
		case nil:
			if err != io.EOF {
				t.Fatalf("%v in %q", err, all)
			}
			return a
		case xml.StartElement:
			leaf = token.Name.Local
			a.args[leaf] = ""
		case xml.CharData:
			if leaf != "" {
				a.args[leaf] += string(token)
			}
		case xml.EndElement:
			leaf = ""
		}
	}
}

// ok asks for what must succeed.
func (s *street) ok(request string) map[string]string {
	s.t.Helper()
	a := s.ask(request)
	if a.status != http.StatusOK {
		s.t.Fatalf("status %d, %v", a.status, a.args)
	}
	return a.args
}

// code is the error that a call is answered with; "" when it succeeds.
func (s *street) code(request string) string {
	s.t.Helper()
	a := s.ask(request)
	switch a.status {
	case http.StatusOK:
		return ""
	case http.StatusInternalServerError:
		return a.args["errorCode"]
	}
	s.t.Fatalf("status %d, %v", a.status, a.args)
	return ""
}

// listed are the external ports in the table, as one reads them one after the other.
func (s *street) listed(c connection) (ports []string) {
	s.t.Helper()
	for i := 0; ; i++ {
		a := s.ask(c.at(i))
		if a.status != http.StatusOK {
			if a.args["errorCode"] != "713" {
				s.t.Fatalf("entry %d: %v", i, a)
			}
			return ports
		}
		ports = append(ports, a.args["NewProtocol"]+" "+a.args["NewExternalPort"])
	}
}
