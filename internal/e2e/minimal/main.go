// Command minimal is the measuring stick of the benchmark: a program of the standard library alone that opens one TCP port
// with the seven exchanges that igdctl makes, trusts every answer and handles none that is not the expected one.
//
//	minimal CLIENT PORT
package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

func main() {
	if len(os.Args) < 3 || len(os.Args) > 4 {
		fmt.Fprintln(os.Stderr, "usage: minimal CLIENT PORT [LOCATION]")
		os.Exit(2)
	}
	location := ""
	if len(os.Args) == 4 {
		location = os.Args[3]
	}
	if err := open(os.Args[1], os.Args[2], location); err != nil {
		fmt.Fprintln(os.Stderr, "minimal:", err)
		os.Exit(1)
	}
}

// open searches unless location is given.
func open(client, port, location string) error {
	if location == "" {
		found, err := search()
		if err != nil {
			return err
		}
		location = found
	}
	c, err := describe(location)
	if err != nil {
		return err
	}
	key := fmt.Sprintf("<NewRemoteHost></NewRemoteHost><NewExternalPort>%s</NewExternalPort><NewProtocol>TCP</NewProtocol>", port)
	mapping := key + fmt.Sprintf("<NewInternalPort>%s</NewInternalPort><NewInternalClient>%s</NewInternalClient><NewEnabled>1</NewEnabled>"+
		"<NewPortMappingDescription>minimal</NewPortMappingDescription><NewLeaseDuration>86400</NewLeaseDuration>", port, client)
	for _, step := range []struct{ action, arguments, answer string }{
		{"GetStatusInfo", "", "Connected"},
		{"GetExternalIPAddress", "", "NewExternalIPAddress"},
		{"GetSpecificPortMappingEntry", key, "714"},
		{"AddPortMapping", mapping, "AddPortMappingResponse"},
		{"GetSpecificPortMappingEntry", key, client},
	} {
		answer, err := c.call(step.action, step.arguments)
		if err != nil {
			return err
		}
		if !strings.Contains(answer, step.answer) {
			return fmt.Errorf("%s: no %s in %s", step.action, step.answer, answer)
		}
	}
	return nil
}

// search gives the location of the first gateway that answers.
func search() (string, error) {
	conn, err := net.ListenPacket("udp4", ":0")
	if err != nil {
		return "", err
	}
	defer conn.Close()
	const request = "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\n" +
		"ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n"
	if _, err := conn.WriteTo([]byte(request), &net.UDPAddr{IP: net.IPv4(239, 255, 255, 250), Port: 1900}); err != nil {
		return "", err
	}
	if err := conn.SetReadDeadline(time.Now().Add(3 * time.Second)); err != nil {
		return "", err
	}
	b := make([]byte, 2048)
	n, _, err := conn.ReadFrom(b)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(b[:n])) {
		if name, value, _ := strings.Cut(line, ":"); strings.EqualFold(name, "LOCATION") {
			return strings.TrimSpace(value), nil
		}
	}
	return "", errors.New("answer without a location")
}

// control is a connection service.
type control struct{ service, url string }

type service struct {
	Type    string `xml:"serviceType"`
	Control string `xml:"controlURL"`
}

type device struct {
	Services []service `xml:"serviceList>service"`
	Devices  []device  `xml:"deviceList>device"`
}

func describe(location string) (*control, error) {
	base, err := url.Parse(location)
	if err != nil {
		return nil, err
	}
	resp, err := http.Get(location)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var root struct {
		Device device `xml:"device"`
	}
	if err := xml.NewDecoder(resp.Body).Decode(&root); err != nil {
		return nil, err
	}
	for todo := []device{root.Device}; len(todo) > 0; {
		d := todo[0]
		todo = append(todo[1:], d.Devices...)
		for _, s := range d.Services {
			if strings.Contains(s.Type, ":WANIPConnection:") {
				u, err := base.Parse(s.Control)
				if err != nil {
					return nil, err
				}
				return &control{s.Type, u.String()}, nil
			}
		}
	}
	return nil, errors.New("no WANIPConnection")
}

func (c *control) call(action, arguments string) (string, error) {
	body := fmt.Sprintf(`<?xml version="1.0"?>`+"\r\n"+
		`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">`+
		`<s:Body><u:%s xmlns:u="%s">%s</u:%[1]s></s:Body></s:Envelope>`, action, c.service, arguments)
	req, err := http.NewRequest("POST", c.url, bytes.NewReader([]byte(body)))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", `text/xml; charset="utf-8"`)
	req.Header.Set("SOAPAction", fmt.Sprintf(`"%s#%s"`, c.service, action))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return string(answer), err
}
