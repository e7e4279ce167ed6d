package client

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// trust says which hosts may be asked because of what a device said: the one that said it. A default gateway is no exception: anybody on its network
// could have it asked at any of its ports, and it answers searches itself. Members of CARP and VRRP groups, which answer for the default gateway with
// their own address (quirk ssdp-src-ip-not-gateway), describe themselves there too.
//
// What is left to a forger who can send with the gateway's address as source: that the gateway is called at ports from 1024 on, at twelve of them for each
// search (maxPerResponder), and up to four times where nobody takes the connection or it is hung up (maxFetches). Nothing tells such a datagram from the gateway's, whose descriptions were seen on port 80 and on 1780 to 60000, at random in some.
type trust struct {
	responder netip.Addr // who answered, or served the description
	given     []string   // hosts that the user named
}

func (t trust) allows(host string) bool {
	if slices.ContainsFunc(t.given, func(g string) bool { return strings.EqualFold(g, host) }) {
		return true
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	a = a.Unmap()
	return a == t.responder || a.WithZone("") == t.responder.WithZone("")
}

// location reads a LOCATION. One that names another host is taken to mean the responder, which is all we would ever ask:
// routers name their loopback (TP-Link Archer AX10) or their other LAN (OpenWrt), and a forger could name anything.
func (t trust) location(text string) (u *url.URL, quirk string, err error) {
	u, err = url.Parse(strings.TrimSpace(text))
	switch {
	case err != nil:
		return nil, "", bare(err)
	case u.Scheme != "http" || u.Opaque != "" || u.Host == "":
		return nil, "", errNotHTTP
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	if !servesUPnP(u.Port()) {
		return nil, "", errForeignPort
	}
	if t.allows(u.Hostname()) {
		return u, "", nil
	}
	if !t.responder.IsValid() {
		return nil, "", errForeignHost
	}
	quirk = "ssdp-location-host-mismatch"
	if a, err := netip.ParseAddr(u.Hostname()); err == nil && a.IsLoopback() {
		quirk = "ssdp-location-loopback6"
	}
	setHost(u, t.responder)
	return u, quirk, nil
}

var (
	errNotHTTP     = errors.New("not an http URL")
	errForeignHost = errors.New("names a host that may not be asked")
	errForeignPort = errors.New("names a port of other services: UPnP is on port 80, or on 1024 and up")
)

// servesUPnP tells whether a port that a device named may be asked: one below 1024 belongs to another service (SSH, mail, printing), and no device was
// seen that describes or controls itself on any but 80. What the user gave is not judged.
func servesUPnP(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && (n == 80 || n >= 1024)
}

// bare is what is wrong with a URL, without the URL.
func bare(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// setHost keeps the port.
func setHost(u *url.URL, a netip.Addr) {
	host := a.String()
	if a.Is6() {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" {
		host += ":" + port
	}
	u.Host = host
}

// resolver turns the URLs of one description into absolute ones.
type resolver struct {
	location *url.URL
	base     *url.URL // URLBase, nil when there is no usable one
	trust    trust
	forgive  func(id string)
}

func newResolver(location *url.URL, urlBase string, t trust, forgive func(string)) *resolver {
	r := &resolver{location: location, trust: t, forgive: forgive}
	if urlBase == "" {
		return r
	}
	base, err := parseReference(urlBase)
	if err != nil || base.Scheme != "http" || base.Host == "" {
		forgive("desc-urlbase-unusable")
		return r
	}
	r.base = r.confine(base)
	return r
}

// readings gives what a reference may mean, the likeliest first, without repetition. The first is RFC 3986 against URLBase, or
// against LOCATION without one (UDA 1.0 §2.1, UDA 1.1 §2.3). The others are for a URLBase with a wrong port (Netgear DG834G) or
// without one (Linksys WRT120N), and for references that lack their leading slash.
func (r *resolver) readings(ref string) []*url.URL {
	u, err := parseReference(ref)
	if err != nil || ref == "" {
		return nil
	}
	var all []*url.URL
	add := func(u *url.URL) {
		if u.Scheme == "http" && u.Host != "" && !slices.ContainsFunc(all, func(o *url.URL) bool { return o.String() == u.String() }) {
			all = append(all, u)
		}
	}
	if u.Host != "" {
		add(r.confine(u))
		u = &url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}
	}
	bases := []*url.URL{r.location}
	if r.base != nil {
		bases = []*url.URL{r.base, r.location}
	}
	for _, b := range bases {
		add(b.ResolveReference(u))
	}
	if u.Path != "" && u.Path[0] != '/' {
		rooted := *u
		rooted.Path = "/" + u.Path
		if u.RawPath != "" {
			rooted.RawPath = "/" + u.RawPath
		}
		for _, b := range bases {
			add(b.ResolveReference(&rooted))
		}
	}
	return all
}

// endpoints are the readings of a reference that may be asked: on the port that the description is on, or on one that may be of UPnP.
func (r *resolver) endpoints(ref string) []*url.URL {
	return slices.DeleteFunc(r.readings(ref), func(u *url.URL) bool { return u.Port() != r.location.Port() && !servesUPnP(u.Port()) })
}

// confine keeps a URL on the hosts that may be asked.
func (r *resolver) confine(u *url.URL) *url.URL {
	if at, err := netip.ParseAddr(r.location.Hostname()); err == nil {
		u = zoned(u, at.Zone())
	}
	if r.trust.allows(u.Hostname()) || strings.EqualFold(u.Hostname(), r.location.Hostname()) {
		return u
	}
	r.forgive("desc-host-mismatch")
	p := *u
	p.Host = r.location.Hostname()
	if strings.Contains(p.Host, ":") {
		p.Host = "[" + p.Host + "]"
	}
	if port := u.Port(); port != "" {
		p.Host += ":" + port
	}
	return &p
}

// zoned gives a link-local IPv6 host its zone, without which it leads nowhere and which no device knows. Other URLs stay as they are.
func zoned(u *url.URL, zone string) *url.URL {
	a, err := netip.ParseAddr(u.Hostname())
	if err != nil || zone == "" || !a.Is6() || !a.IsLinkLocalUnicast() || a.Zone() != "" {
		return u
	}
	there := *u
	setHost(&there, a.WithZone(zone))
	return &there
}

// parseReference reads a URL as devices write them: a colon in the first segment is no scheme unless it is http
// ("uuid:0000-…/WANIPConnection:1", Broadcom), two slashes at the start are a path, and what is no URL at all is escaped.
func parseReference(s string) (*url.URL, error) {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.TrimSpace(s))
	if strings.HasPrefix(s, "//") {
		s = "/" + strings.TrimLeft(s, "/")
	}
	u, err := url.Parse(s)
	if err == nil {
		u.Scheme = strings.ToLower(u.Scheme)
		if u.Scheme == "" || (u.Scheme == "http" || u.Scheme == "https") && u.Opaque == "" {
			u.User, u.Fragment, u.RawFragment = nil, "", ""
			return u, nil
		}
	}
	if strings.Contains(s, "://") {
		return nil, errNotHTTP
	}
	path, query, _ := strings.Cut(s, "?")
	path = escapeStray(path)
	decoded, err := url.PathUnescape(path)
	return &url.URL{Path: decoded, RawPath: path, RawQuery: query}, err
}

// escapeStray escapes per cent signs that begin no escape.
func escapeStray(s string) string {
	hex := func(i int) bool { return i < len(s) && strings.IndexByte("0123456789abcdefABCDEF", s[i]) >= 0 }
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(s[i])
		if s[i] == '%' && !(hex(i+1) && hex(i+2)) {
			b.WriteString("25")
		}
	}
	return b.String()
}
