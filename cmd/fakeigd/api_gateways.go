package main

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/igdkit/igdkit/scenarios"
)

func health(*call) (any, error) { return map[string]string{"status": "ok"}, nil }

// ready answers only when every gateway stands, because the listener is served only then.
func ready(c *call) (any, error) { return readyAnswer{"ready", len(c.session.gateways())}, nil }

func listGateways(c *call) (any, error) { return viewsOf(c.session.gateways()), nil }

func showGateway(c *call) (any, error) { return c.gateway.view(), nil }

func showState(c *call) (any, error) { return c.gateway.state(), nil }

// addGateways plays the scenario that is named, or that is the body.
func addGateways(c *call) (any, error) {
	s, names, err := c.settings()
	if err != nil {
		return nil, err
	}
	var all []*scenarios.Scenario
	for _, name := range names {
		if scenarios.IsFile(name) {
			return nil, badRequest("send the text of the file as the body", "%q is a file, which the control API does not read", name)
		}
		sc, err := loadScenario(name)
		if err != nil {
			return nil, err
		}
		all = append(all, sc)
	}
	switch text := strings.TrimSpace(string(c.body)); {
	case text != "":
		sc, err := scenarios.Parse("body", c.body)
		if err != nil {
			return nil, err
		}
		all = append(all, sc)
	case len(names) == 0:
		return nil, badRequest("for example /v1/gateways?scenario=igd2", "which scenario? none is named, and there is no body")
	}
	added, err := c.session.add(c.Context(), s, all)
	if err != nil {
		return nil, err
	}
	return created{viewsOf(added)}, nil
}

// settings are those of the session, with what the query says instead.
func (c *call) settings() (s settings, names []string, err error) {
	query, err := url.ParseQuery(c.URL.RawQuery)
	if err != nil {
		return s, nil, badRequest("", "the query cannot be read: %v", err)
	}
	s = c.session.settings
	s.count = 1
	// A port can be had once.
	if !slices.Contains([]string{"", "multicast", "off"}, s.ssdp) {
		s.ssdp = ""
	}
	if lan, port, err := s.listenAddress(); err == nil && port != 0 {
		s.listen = lan.String()
	}
	for name, values := range query {
		value := values[len(values)-1]
		switch name {
		case "scenario":
			names = values
		case "seed":
			if s.seed, err = strconv.ParseUint(value, 10, 64); err != nil {
				return s, nil, badRequest("for example ?seed=7", "seed %q is no whole number from 0 up", value)
			}
		case "count":
			if s.count, err = strconv.Atoi(value); err != nil || s.count < 1 {
				return s, nil, badRequest("for example ?count=10", "count %q is no whole number from 1 up", value)
			}
		case "wan":
			s.wan = value
		case "clock":
			s.clock = value
		default:
			return s, nil, badRequest("there are scenario, seed, count, wan and clock", "there is no parameter %s", name)
		}
	}
	return s, names, nil
}

func removeGateway(c *call) (any, error) {
	gone := viewsOf(c.gateway.play.gateways)
	if err := c.session.remove(c.gateway.play); err != nil {
		return nil, err
	}
	return gone, nil
}

func reset(c *call) (any, error) {
	name := c.gateway.Name()
	if err := c.session.restart(c.Context(), c.gateway.play); err != nil {
		return nil, err
	}
	g := c.session.find(name)
	if g == nil {
		return nil, &refusal{http.StatusNotFound, "no_such_gateway", "it has ended meanwhile", ""}
	}
	return g.state(), nil
}
