package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/internal/words"
)

// firewallJSON is what the rules of this machine do, as --json shows it.
type firewallJSON struct {
	Tables  []string     `json:"tables"`            // that have a say in what comes in, as "inet filter"
	Port    *passageJSON `json:"port,omitempty"`    // a stranger who comes to the port or, when none was named, to some high one
	Answers *passageJSON `json:"answers,omitempty"` // an answer to a search by multicast
}

type passageJSON struct {
	Protocol string                `json:"protocol"`
	Port     uint16                `json:"port"`
	From     string                `json:"from,omitempty"` // who sends it; anybody when it is missing
	Verdict  client.PassageVerdict `json:"verdict"`        // passes, dropped, rejected or unknown
	Family   string                `json:"family,omitempty"`
	Table    string                `json:"table,omitempty"`
	Hook     string                `json:"hook,omitempty"`
	Chain    string                `json:"chain,omitempty"`
	Base     string                `json:"base,omitempty"`   // the chain that leads to it
	Policy   bool                  `json:"policy,omitempty"` // it is what the chain does with whatever no rule decides
	Doubt    string                `json:"doubt,omitempty"`
}

func rulesJSON(e *client.FirewallEvidence) *firewallJSON {
	if !e.Read {
		return nil
	}
	return &firewallJSON{Tables: append([]string{}, e.Tables...), Port: passageShape(e.Port), Answers: passageShape(e.Answers)}
}

func passageShape(p *client.Passage) *passageJSON {
	if p == nil {
		return nil
	}
	j := &passageJSON{
		Protocol: strings.ToLower(p.Protocol), Port: p.To.Port(), Verdict: p.Verdict,
		Family: p.Family, Table: p.Table, Hook: p.Hook, Chain: p.Chain, Base: p.Base, Policy: p.Policy, Doubt: p.Doubt,
	}
	if p.From.Addr().IsValid() {
		j.From = p.From.String()
	}
	return j
}

func firewallFinding(c client.Check, e *client.FirewallEvidence, system string) finding {
	f := finding{}
	for _, w := range e.Firewalls {
		f.evidence = append(f.evidence, fmt.Sprintf("%s is at work (%s)", w.Name, w.Sign))
	}
	if len(e.Tables) > 0 {
		f.evidence = append(f.evidence, "rules of nftables have a say in what comes in, in "+plural(len(e.Tables), "table ", "tables ")+strings.Join(e.Tables, ", "))
	}
	hidden := errors.Is(c.Err, fs.ErrPermission)
	if c.Err != nil && !hidden {
		f.evidence = append(f.evidence, c.Err.Error())
	}
	answers := func() {
		f.evidence = append(f.evidence, "answers to searches by multicast: "+whereText(e.Answers))
		f.advice = append(f.advice, letAnswersIn(e))
	}
	switch c.Problem {
	case client.ProblemKeptIn:
		f.detail, f.advice = keptInText(e.KeptIn), letOut(system)
		return f
	case client.ProblemFirewallDrops:
		f.detail = fmt.Sprintf("this computer's firewall %s %s: %s", drops(e.Port), portWord(e.Port), whereText(e.Port))
		f.advice = letPortIn(e, portWord(e.Port))
		if e.Answers.KeptOut() {
			answers()
		}
	case client.ProblemAnswersSwallowed:
		if e.Answers.KeptOut() {
			f.detail = fmt.Sprintf("this computer's firewall %s the answers to searches by multicast: %s", drops(e.Answers), whereText(e.Answers))
			f.advice = []string{letAnswersIn(e)}
			break
		}
		f.detail = "a firewall on this computer may swallow the answers to searches by multicast"
		f.advice = append([]string{"let UDP packets in from the router's address, source port 1900"}, firewallAdvice(e, system)...)
	case client.ProblemFirewallActive:
		if e.Port.KeptOut() {
			f.detail = "this computer's firewall lets in only what its rules name: " + whereText(e.Port)
			f.advice = append([]string{"igdctl doctor PORT tells what becomes of one port"}, letPortIn(e, "PORT/"+strings.ToLower(e.Port.Protocol))...)
			break
		}
		f.detail = fmt.Sprintf("the firewall of this computer is on (%s): a port that is open on the router may still be closed here", e.Firewalls[0].Name)
		f.advice = firewallAdvice(e, system)
	case client.ProblemFirewallHidden:
		switch {
		case e.Read:
			f.detail = fmt.Sprintf("whether this computer's firewall lets %s in cannot be told: %s", whom(e), whereText(e.Port))
		case hidden:
			f.detail = "whether the firewall of this computer lets anybody in cannot be told without its rules, which only root may read"
		default:
			f.detail = "whether the firewall of this computer lets anybody in cannot be told without its rules"
		}
		f.advice = firewallAdvice(e, system)
	default:
		switch {
		case e.Read && len(e.Tables) > 0:
			f.detail = fmt.Sprintf("this computer's firewall lets %s in", whom(e))
		default:
			f.detail = "no firewall of this computer is seen"
		}
		if e.Read && e.Answers.KeptOut() {
			answers()
		}
	}
	if hidden && c.Problem != client.NoProblem {
		f.advice = append([]string{"the same command with sudo reads its rules, and tells"}, f.advice...)
	}
	return f
}

// whom says who is let in or not.
func whom(e *client.FirewallEvidence) string {
	if e.Named {
		return portWord(e.Port)
	}
	return "whatever no rule names"
}

// portWord is "8080/tcp".
func portWord(p *client.Passage) string {
	return fmt.Sprintf("%d/%s", p.To.Port(), strings.ToLower(p.Protocol))
}

func drops(p *client.Passage) string {
	if p.Verdict == client.Rejected {
		return "rejects"
	}
	return "drops"
}

// whereText says which rules do what.
func whereText(p *client.Passage) string {
	where := fmt.Sprintf("chain %s of table %s %s", p.Chain, p.Family, p.Table)
	if p.Hook != "input" && p.Hook != "" {
		where += " (at " + p.Hook + ")"
	}
	switch {
	case p.Verdict == client.PassageUnknown && p.Table == "":
		return p.Doubt
	case p.Verdict == client.PassageUnknown:
		return fmt.Sprintf("%s (%s)", p.Doubt, where)
	case p.Policy:
		return fmt.Sprintf("%s %s what no rule lets in", where, drops(p))
	}
	return fmt.Sprintf("a rule in %s %s it", where, drops(p))
}

// writer is the program that has written the rules that keep a packet out: "ufw", "firewalld", "iptables" or "nft".
func writer(e *client.FirewallEvidence, p *client.Passage) string {
	switch {
	case p.Table == "firewalld":
		return "firewalld"
	case p.Family != "ip" || p.Table != "filter" || p.Base != "INPUT":
		return "nft"
	case strings.HasPrefix(p.Chain, "ufw-"):
		return "ufw"
	}
	for _, w := range e.Firewalls {
		if w.Name == "ufw" {
			return "ufw"
		}
	}
	return "iptables"
}

// letPortIn says how a port is opened here; port is "8080/tcp".
func letPortIn(e *client.FirewallEvidence, port string) []string {
	number, protocol, _ := strings.Cut(port, "/")
	switch p := e.Port; writer(e, p) {
	case "ufw":
		return []string{"sudo ufw allow " + port + " lets it in"}
	case "firewalld":
		return []string{
			"sudo firewall-cmd --add-port=" + port + " lets it in until the next start",
			"sudo firewall-cmd --permanent --add-port=" + port + " lets it in after every start",
		}
	case "iptables":
		return []string{"sudo iptables -I INPUT -p " + protocol + " --dport " + number + " -j ACCEPT lets it in until the next start"}
	default:
		return []string{nftInsert(p, protocol, "dport", number) + " lets it in until the next start; the file that the rules are loaded from, /etc/nftables.conf perhaps, keeps it"}
	}
}

// letAnswersIn says how answers to searches by multicast are let in.
func letAnswersIn(e *client.FirewallEvidence) string {
	p, router := e.Answers, e.Answers.From.Addr()
	switch writer(e, p) {
	case "ufw":
		return fmt.Sprintf("sudo ufw allow proto udp from %s port 1900 lets them in", router)
	case "firewalld":
		return fmt.Sprintf("sudo firewall-cmd --permanent --add-rich-rule='rule family=ipv4 source address=%s source-port port=1900 protocol=udp accept' and then sudo firewall-cmd --reload lets them in", router)
	case "iptables":
		return fmt.Sprintf("sudo iptables -I INPUT -p udp -s %s --sport 1900 -j ACCEPT lets them in until the next start", router)
	default:
		return nftInsert(p, "ip", "saddr", router.String(), "udp", "sport", "1900") + " lets them in until the next start"
	}
}

// nftInsert is the command that lets something in before any other rule of the chain is asked.
func nftInsert(p *client.Passage, match ...string) string {
	args := append([]string{"sudo", "nft", "insert", "rule", p.Family, p.Table, p.Base}, match...)
	return words.Shell(append(args, "accept")...)
}

// firewallAdvice says where to look and what to allow.
func firewallAdvice(e *client.FirewallEvidence, system string) []string {
	switch {
	case system == "windows":
		return []string{"let the program in: Windows Security, Firewall & network protection, Allow an app through firewall; and the network should be a private one"}
	case system == "darwin":
		return []string{"let the program in: System Settings, Network, Firewall, Options"}
	}
	for _, w := range e.Firewalls {
		switch w.Name {
		case "ufw":
			return []string{"sudo ufw status lists what it lets in; sudo ufw allow PORT/tcp opens a port here"}
		case "firewalld":
			return []string{"sudo firewall-cmd --list-all lists what it lets in; sudo firewall-cmd --add-port=PORT/tcp opens a port here"}
		case "iptables":
			return []string{"sudo iptables -nL INPUT lists its rules"}
		}
	}
	return []string{"sudo nft list ruleset lists its rules: look for a chain with \"hook input\" and \"policy drop\""}
}
