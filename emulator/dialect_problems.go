package emulator

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/igdkit/igdkit/internal/words"
)

// problems reports what no gateway can write. o is where the dialect belongs, for the connections that its services name.
func (d *Dialect) problems(at []any, report report, o Options) {
	if d.ideal() {
		return
	}
	oneLine(d.Server, below(at, "server"), report)
	d.SSDP.problems(below(at, "ssdp"), report)
	d.Description.problems(below(at, "description"), report, max(len(o.WAN), 1))
	d.HTTP.problems(below(at, "http"), report)
	d.SOAP.problems(below(at, "soap"), report)
}

func (d *SSDPDialect) problems(at []any, report report) {
	oneLine(d.Server, below(at, "server"), report)
	if d.Sets < 0 || d.Sets > 3 {
		report(below(at, "sets"), "", "%d is not within 1..3", d.Sets)
	}
	if d.Pace < 0 || d.Pace > 120 {
		report(below(at, "pace"), "", "%d is not within 1..120", d.Pace)
	}
	if age := time.Duration(d.MaxAge); age%time.Second != 0 {
		report(below(at, "max-age"), "", "must be whole seconds, not %v", d.MaxAge)
	}
	d.Location.valueProblems(below(at, "location"), report, siteWords("path")...)
	d.Location6.valueProblems(below(at, "location6"), report, siteWords("path")...)
	d.UDN.udnProblems(below(at, "udn"), false, report)
	for _, t := range []keyed{{"reply", d.Reply}, {"alive", d.Alive}, {"byebye", d.ByeBye}, {"update", d.Update}} {
		t.headProblems(below(at, t.key), report, true,
			"location", "server", "max-age", "st", "usn", "udn", "host", "date", "bootid", "nextbootid", "configid", "searchport")
	}
}

func (d *HTTPDialect) problems(at []any, report report) {
	oneLine(d.Server, below(at, "server"), report)
	oneLine(d.DescriptionType, below(at, "description-type"), report)
	oneLine(d.ControlType, below(at, "control-type"), report)
	for i, r := range d.Ports {
		if r.First == 0 {
			report(below(at, "ports", i), "", "0 is no port to listen at")
		}
	}
	for _, t := range []keyed{
		{"head", d.Head}, {"description", d.Description}, {"control", d.Control}, {"events", d.Events}, {"refusal", d.Refusal},
	} {
		t.headProblems(below(at, t.key), report, false, headWords()...)
	}
	for _, status := range slices.Sorted(maps.Keys(d.Pages)) {
		if n, err := strconv.Atoi(status); err != nil || n < 400 || n > 599 {
			report(below(at, "pages", status), "", "%q is no HTTP status of a refusal", status)
		}
	}
}

func (d *DescriptionDialect) problems(at []any, report report, connections int) {
	check := func(key string, t Template, known ...string) {
		t.problems(below(at, key), report, true, d.words(known...)...)
	}
	check("path", d.Path)
	if d.Path != "" && d.Path[0] != '/' {
		report(below(at, "path"), "", "must begin with a slash")
	}
	d.UDN.udnProblems(below(at, "udn"), false, report)
	if d.URLBase != nil {
		check("url-base", *d.URLBase)
		if d.Document != "" && !d.Document.has("url-base") {
			report(below(at, "url-base"), "", "nobody sees it: %v has no {url-base}", elsewhere(below(at, "document")))
		}
	}
	check("document", d.Document, "device", "configid", "url-base")
	check("device", d.Device, deviceWords()...)
	check("service", d.Service, serviceWords()...)
	for _, url := range []keyed{{"scpd", d.URLs.SCPD}, {"control", d.URLs.Control}, {"events", d.URLs.Events}} {
		url.problems(below(at, "urls", url.key), report, true, d.words(urlWords()...)...)
	}
	check("scpd", d.SCPD, "configid", "actions", "variables")
	d.portProblems(below(at, "ports"), report)
	if d.Tree != nil {
		t := treeCheck{report, d, connections, 0}
		t.device(d.Tree, below(at, "tree"), 0)
	}
}

// portProblems reports names that no word can have, and numbers that two ports have.
func (d *DescriptionDialect) portProblems(at []any, report report) {
	taken := map[uint16]string{}
	for _, name := range slices.Sorted(maps.Keys(d.Ports)) {
		n := d.Ports[name]
		if name == "" || strings.ContainsAny(name, " {}\r\n") {
			report(below(at, name), "", "a port's name is one word, without braces")
		}
		if other, ok := taken[n]; ok && n != 0 {
			report(below(at, name), "", "is %d, and so is %s", n, other)
		}
		taken[n] = name
	}
}

// words are those that templates of d know beside chance.
func (d *DescriptionDialect) words(more ...string) []string {
	all := siteWords(more...)
	for _, name := range slices.Sorted(maps.Keys(d.Ports)) {
		all = append(all, "port "+name)
	}
	return all
}

// siteWords are what words of a site knows beside chance and ports.
func siteWords(more ...string) []string {
	return append([]string{"host", "port", "authority", "udn", "gateway", "igd", "seed"}, more...)
}

func deviceWords() []string {
	return []string{"type", "name", "services", "devices", "service-items", "device-items"}
}

func serviceWords() []string { return []string{"type", "id", "scpd", "control", "events"} }

func urlWords() []string { return []string{"service", "kind", "version"} }

// A tree is bounded, because each node costs a datagram or two in every announcement.
const (
	maxDepth = 8
	maxNodes = 128
)

// treeCheck walks a tree and counts its nodes.
type treeCheck struct {
	report      report
	dialect     *DescriptionDialect
	connections int
	nodes       int
}

func (t *treeCheck) device(n *DeviceNode, at []any, depth int) {
	if t.nodes++; t.nodes == maxNodes+1 || depth == maxDepth {
		t.report(at, "", "the tree is too large: at most %d devices and services, %d deep", maxNodes, maxDepth)
	}
	if t.nodes > maxNodes || depth >= maxDepth {
		return
	}
	n.Name.problems(below(at, "name"), t.report, true, t.dialect.words()...)
	n.UDN.udnProblems(below(at, "udn"), depth > 0, t.report)
	n.Device.problems(below(at, "device"), t.report, true, t.dialect.words(deviceWords()...)...)
	t.urn(n.Type, below(at, "type"))
	for i := range n.Services {
		t.service(&n.Services[i], below(at, "services", i))
	}
	for i := range n.Devices {
		t.device(&n.Devices[i], below(at, "devices", i), depth+1)
	}
}

func (t *treeCheck) service(n *ServiceNode, at []any) {
	t.nodes++
	n.Service.problems(below(at, "service"), t.report, true, t.dialect.words(serviceWords()...)...)
	t.urn(n.Type, below(at, "type"))
	for _, url := range []keyed{{"scpd", n.SCPD}, {"control", n.Control}, {"events", n.Events}} {
		url.problems(below(at, url.key), t.report, true, t.dialect.words(urlWords()...)...)
	}
	if n.WAN < 0 || n.WAN >= t.connections {
		t.report(below(at, "wan"), "", "there is no connection %d: wan has %d, counted from 0", n.WAN, t.connections)
	}
	d := definitionOf(n.Type)
	for i, name := range n.Actions {
		if d.actions[name] != nil {
			continue
		}
		t.report(below(at, "actions", i), words.Nearest(name, slices.Sorted(maps.Keys(d.actions))), "%s has no action %q", n.Type, name)
	}
}

// urn keeps what would break datagrams and documents out of a type.
func (t *treeCheck) urn(s string, at []any) {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`<>&"`, r) }) {
		t.report(at, "", "%q is no URN, such as %sInternetGatewayDevice:1", s, deviceURN)
	}
}

func (d *SOAPDialect) problems(at []any, report report) {
	call := []string{"declaration", "envelope", "prefix", "service", "service-type", "action"}
	d.Response.problems(below(at, "response"), report, false, append(call, "arguments")...)
	for _, action := range slices.Sorted(maps.Keys(d.Responses)) {
		d.Responses[action].problems(below(at, "responses", action), report, false, append(call, "arguments")...)
	}
	d.Fault.problems(below(at, "fault"), report, false, append(call, "code", "description")...)
	d.Argument.problems(below(at, "argument"), report, false, "name", "value")
	for _, code := range slices.Sorted(maps.Keys(d.Descriptions)) {
		if n, err := strconv.Atoi(code); err != nil || n < 100 || n > 999 {
			report(below(at, "descriptions", code), "", "%q is no UPnP error code", code)
		}
	}
	if d.FaultStatus != 0 && (d.FaultStatus < 200 || d.FaultStatus > 599) {
		report(below(at, "fault-status"), "", "%d is no HTTP status of an answer", d.FaultStatus)
	}
	d.NoAction.problems(below(at, "no-action"), report)
	if d.BadAction != nil {
		d.BadAction.problems(below(at, "bad-action"), report)
	}
	d.Malformed.problems(below(at, "malformed"), report)
	oneOf(d.Methods, []string{"POST", mPOST}, below(at, "methods"), report)
	oneOf(d.Entities, references(), below(at, "entities"), report)
}

func (r Refusal) problems(at []any, report report) {
	if r.Code != 0 && (r.Code < 100 || r.Code > 999) {
		report(at, "", "%d is no UPnP error code", r.Code)
	}
	if s := r.HTTPStatus; s != nil {
		if r.Code != 0 {
			report(below(at, "http-status"), "", "there is a UPnP error already")
		}
		s.problems(below(at, "http-status"), report)
	}
}

// oneOf reports what is not among known.
func oneOf(all, known []string, at []any, report report) {
	for i, word := range all {
		if !slices.Contains(known, word) {
			report(below(at, i), words.Nearest(word, known), "%q is not one of %s", word, strings.Join(known, ", "))
		}
	}
}

// keyed is a template by its key.
type keyed struct {
	key string
	Template
}

// headWords are those of HTTP heads.
func headWords() []string {
	return []string{"status", "reason", "server", "date", "type", "length", "connection", "allow", "sid", "timeout"}
}

// headProblems reports what is no start line with header fields.
func (t Template) headProblems(at []any, report report, chance bool, known ...string) {
	t.problems(at, report, chance, known...)
	lines := strings.Split(strings.TrimSuffix(string(t), "\n"), "\n")
	for i, text := range lines {
		if t != "" && text == "" {
			report(at, "", "line %d is empty: a head ends there", i+1)
		}
	}
}

// valueProblems reports what cannot stand in a header field.
func (t Template) valueProblems(at []any, report report, known ...string) {
	t.problems(at, report, true, known...)
	text := string(t)
	oneLine(&text, at, report)
}

// udnProblems reports what is no UDN; that of an embedded device may begin with that of the root. Some that are in the field are no UUID.
func (t Template) udnProblems(at []any, embedded bool, report report) {
	t.problems(at, report, true, siteWords()...)
	switch {
	case t == "" || strings.HasPrefix(string(t), "uuid:"), embedded && strings.HasPrefix(string(t), "{udn}"):
	case embedded:
		report(at, "", "must begin with uuid:, or with {udn}, which is that of the root")
	default:
		report(at, "", "must begin with uuid:")
	}
}

// oneLine reports a value that would begin another header field.
func oneLine(s *string, at []any, report report) {
	if s != nil && strings.ContainsAny(*s, "\r\n") {
		report(at, "", "must be one line")
	}
}
