package emulator

// pppActions are those of WANPPPConnection:1 (§2.4): all of WANIPConnection:1, and what PPP has.
func pppActions() map[string]behaviour {
	all := connectionActions(1)
	all["ConfigureConnection"] = behaviour{do: configureConnection}
	all["GetLinkLayerMaxBitRates"] = behaviour{do: getLinkLayerMaxBitRates}
	all["GetPPPEncryptionProtocol"] = tell(func(*connection) string { return "None" })
	all["GetPPPCompressionProtocol"] = tell(func(*connection) string { return "None" })
	all["GetPPPAuthenticationProtocol"] = tell(func(*connection) string { return "PAP" })
	all["GetUserName"] = tell(func(c *connection) string { return c.userName })
	all["GetPassword"] = tell(func(c *connection) string { return c.password })
	return all
}

// tell answers one value of the connection.
func tell(value func(*connection) string) behaviour {
	return behaviour{do: func(_ *state, c call) ([]string, error) { return []string{value(c.connection)}, nil }}
}

// configureConnection sets the account of the next connection; nobody looks at it.
func configureConnection(s *state, c call) ([]string, error) {
	c.connection.userName, c.connection.password = c.args.text("NewUserName"), c.args.text("NewPassword")
	if c.connection.status == unconfigured {
		s.setStatus(c.connection, disconnected, noError)
	}
	return nil, nil
}

func getLinkLayerMaxBitRates(_ *state, c call) ([]string, error) {
	return []string{ui4(c.connection.origin.Upstream), ui4(c.connection.origin.Downstream)}, nil
}
