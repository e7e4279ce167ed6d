package inputrules

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
)

// iptables-nft writes conditions and actions in words of its own, and the kernel does what is told of them.
func TestIptables(t *testing.T) {
	restore, err := exec.LookPath("iptables-nft-restore")
	if err != nil {
		missing(t, err)
	}
	h := newHouse(t)
	for _, tt := range []struct{ name, rules, want string }{
		{"services", `*filter
:INPUT DROP [0:0]
:services - [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -m conntrack --ctstate INVALID -j DROP
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m comment --comment "let in" -j ACCEPT
-A INPUT -p tcp -m multiport --dports 80,443,8000:9000 -j services
-A INPUT -p udp -m udp --sport 1900 -s 192.168.77.0/24 -j ACCEPT
-A INPUT -p tcp -m tcp --dport 23 -j REJECT --reject-with icmp-port-unreachable
-A INPUT -m limit --limit 3/min -j LOG --log-prefix "[out] "
-A services -p tcp ! --dport 8500 -m state --state NEW -j ACCEPT
COMMIT`, "tcp/22 accept, tcp/80 accept, tcp/8001 accept, tcp/8500 drop, tcp/9001 drop, tcp/23 reject, udp/80 drop, ssdp accept"},
		{"conditions", `*filter
:INPUT ACCEPT [0:0]
-A INPUT -m addrtype ! --dst-type LOCAL -j DROP
-A INPUT -m addrtype --src-type UNICAST --dst-type LOCAL -p tcp --dport 80 -j DROP
-A INPUT -m pkttype --pkt-type multicast -j DROP
-A INPUT -p tcp --tcp-flags SYN,ACK,FIN,RST SYN --dport 81 -j DROP
-A INPUT -p tcp ! --syn -j DROP
-A INPUT -p udp -m multiport ! --ports 1:100 -j DROP
-A INPUT -p udp -m multiport --sports 54000:55000 -m udp --dport 82 -j REJECT
-A INPUT -m conntrack ! --ctstate NEW -j DROP
-A INPUT -m conntrack --ctstate DNAT -j DROP
COMMIT`, "tcp/79 accept, tcp/80 drop, tcp/81 drop, udp/101 drop, udp/100 accept, udp/82 reject"},
		{"what is not understood", `*raw
-A PREROUTING -p udp --dport 85 -j CT --notrack
COMMIT
*mangle
-A PREROUTING -p tcp --dport 82 -j MARK --set-mark 1
COMMIT
*filter
:INPUT DROP [0:0]
-A INPUT -p tcp --dport 80 -m recent --name seen --set -j ACCEPT
-A INPUT -p tcp --dport 81 -m u32 --u32 "0x6&0xFF=0x6" -j ACCEPT
-A INPUT -m mark --mark 1 -p tcp -j ACCEPT
-A INPUT -m conntrack --ctstate UNTRACKED -j ACCEPT
COMMIT`, "tcp/80 unknown, tcp/81 unknown, tcp/82 unknown, udp/85 unknown, udp/86 drop"},
		{"sent elsewhere", `*nat
-A PREROUTING -m addrtype --dst-type LOCAL -p tcp --dport 80 -j REDIRECT --to-ports 8080
COMMIT`, "tcp/80 unknown, tcp/81 accept"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h.load(t, "")
			cmd := exec.Command(restore)
			var out bytes.Buffer
			cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(tt.rules+"\n"), &out, &out
			if err := h.host.Do(cmd.Run); err != nil {
				t.Fatalf("%v\n%s", err, &out)
			}
			h.check(t, tt.want)
		})
	}
}
