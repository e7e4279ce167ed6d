package main

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// guard keeps web pages out. A page that somebody visits can send requests to loopback; with a name that it controls
// (DNS rebinding) it could even read the answers. Its requests carry an Origin, or a Host that is neither an address nor
// one of ours.
func guard(hosts []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !ourHost(r.Host, hosts):
			writeError(w, http.StatusForbidden, "foreign_host", fmt.Sprintf("the host %q is not this one", r.Host),
				"use the address of the control API, or localhost")
		case foreignOrigin(r):
			writeError(w, http.StatusForbidden, "foreign_origin", "web pages have no access", "send no Origin header")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func ourHost(hostport string, ours []string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if _, err := netip.ParseAddr(host); err == nil {
		return true // an address cannot be rebound
	}
	for _, name := range ours {
		if strings.EqualFold(host, name) {
			return true
		}
	}
	return false
}

func foreignOrigin(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin": // no browser, the address bar, a page of ours
	default:
		return true
	}
	origins := r.Header.Values("Origin")
	return len(origins) > 1 || len(origins) == 1 && origins[0] != "http://"+r.Host
}
