package natoracle

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/igdkit/igdkit/emulator/nat"
)

// grid4 writes what becomes of each pair of the four, with the reasons of those that fail under the table.
func grid4(p *bytes.Buffer, pair func(a, b nat.Behaviour) Pair) {
	p.WriteString("|")
	for _, b := range classic() {
		fmt.Fprintf(p, " | %v", b)
	}
	p.WriteString(" |\n|---|---|---|---|---|\n")
	var notes []string
	for _, a := range classic() {
		fmt.Fprintf(p, "| **%v**", a)
		for _, b := range classic() {
			x := pair(a, b)
			v := Judge(x)
			fmt.Fprintf(p, " | %v", v.Method)
			if v.Method != Impossible {
				continue
			}
			why := Why(x)
			i := slices.Index(notes, why.Text)
			if i < 0 {
				i, notes = len(notes), append(notes, why.Text)
			}
			fmt.Fprintf(p, " (%c)", 'a'+i)
		}
		p.WriteString(" |\n")
	}
	for i, text := range notes {
		fmt.Fprintf(p, "\n(%c) %s.\n", 'a'+i, text)
	}
}

func classicPart(p *bytes.Buffer) {
	p.WriteString("\n## The four of RFC 3489\n\nWith a rendezvous. *First* and *second* are the sides that a reason is about, whichever they are:\n\n")
	grid4(p, func(a, b nat.Behaviour) Pair { return Pair{A: Home{NAT: a}, B: Home{NAT: b}} })
	p.WriteString("\nWith a port mapping by IGD at the left one:\n\n")
	grid4(p, func(a, b nat.Behaviour) Pair { return Pair{A: Home{NAT: a, IGD: true}, B: Home{NAT: b}} })
	p.WriteString("\nWithout any third party; the three cones preserve ports, which is what makes it possible:\n\n")
	grid4(p, func(a, b nat.Behaviour) Pair { return Pair{A: Home{NAT: a}, B: Home{NAT: b}, Meeting: Alone} })
}

func carrierPart(p *bytes.Buffer) {
	p.WriteString("\n## Behind a carrier's NAT\n\nA home behind a carrier's NAT (CGNAT, 100.64.0.0/10) is to others like a home behind one NAT that is as strict as the stricter of the\n" +
		"two. This is what its NAT, on the left, becomes:\n\n|")
	for _, c := range classic() {
		fmt.Fprintf(p, " | behind %v", c)
	}
	p.WriteString(" |\n|---|---|---|---|---|\n")
	for _, h := range classic() {
		fmt.Fprintf(p, "| **%v**", h)
		for _, c := range classic() {
			seen := Home{NAT: h, Carrier: &c}.seen()
			seen.Ports = nat.Random
			word := name(seen)
			for _, x := range classic() {
				if seen.Mapping == x.Mapping && seen.Filtering == x.Filtering {
					word = x.String()
				}
			}
			fmt.Fprintf(p, " | %s", word)
		}
		p.WriteString(" |\n")
	}
	p.WriteString("\nA port mapping by IGD at the home leads from the carrier's network to the home, and nobody on the Internet gets that far: at best it takes the home's\n" +
		"own NAT out of the way, and the pair is what the carrier's makes of it. Only a mapping on the carrier's NAT (`igdctl open --through`) would rescue,\n" +
		"and a carrier's NAT seldom speaks IGD. A home with a mapping behind a carrier's NAT, on the left the carrier's, with another home:\n\n")
	grid4(p, func(a, b nat.Behaviour) Pair {
		return Pair{A: Home{NAT: nat.PortRestricted(), IGD: true, Carrier: &a}, B: Home{NAT: b}}
	})
}

func samePart(p *bytes.Buffer) {
	p.WriteString("\n## Two hosts of one home\n\nThey reach each other **direct** by their addresses in the LAN, whatever the gateway is, if they tell each other those. Otherwise, by the addresses that the\n" +
		"Internet sees, the gateway has to send back in what comes from inside (hairpin, RFC 4787 §6):\n\n" +
		"| the gateway | hairpin none | hairpin | hairpin, with a mapping by IGD |\n|---|---|---|---|\n")
	for _, c := range classic() {
		all := hairpins(c)
		method := func(b nat.Behaviour, igd bool) Method {
			return Judge(Pair{A: Home{NAT: b, IGD: igd}, Place: SameHome}).Method
		}
		fmt.Fprintf(p, "| **%v** | %v | %v | %v |\n", c, method(all[0], false), method(all[2], false), method(all[2], true))
	}
	p.WriteString("\nIt makes no difference whether what is sent back in has the internal or the external source.\n" +
		"\n## Two homes behind one carrier's NAT\n\nThe carrier's NAT has to hairpin with the external source (RFC 4787 REQ-9a, which RFC 6888 wants of it). Then each pair is what it would be apart. Here, behind a\n" +
		"port-restricted one:\n\n")
	grid4(p, func(a, b nat.Behaviour) Pair {
		c := hairpins(nat.PortRestricted())[2]
		return Pair{A: Home{NAT: a, Carrier: &c}, B: Home{NAT: b}, Place: SameCarrier}
	})
	c := nat.PortRestricted()
	fmt.Fprintf(p, "\nWhere it does not hairpin, all of them are impossible: %s.\n",
		Why(Pair{A: Home{NAT: c, Carrier: &c}, B: Home{NAT: c, Carrier: &c}, Place: SameCarrier}).Text)
	p.WriteString("Where it sends back with the internal source, two full cones have a path, and nobody else, unless the carrier's NAT is symmetric.\n")
	p.WriteString("\nBut a port mapping by IGD at either home rescues all of them, if the other is told its address in the carrier's network, such as 100.64.0.2, and the carrier\n" +
		"lets its customers send to each other.\n")
}
