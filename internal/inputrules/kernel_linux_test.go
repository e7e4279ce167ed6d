package inputrules

import (
	"net/netip"
	"strings"
	"testing"
)

// What is told of a ruleset is what the kernel does with packets.
func TestKernel(t *testing.T) {
	h := newHouse(t)
	for _, tt := range []struct {
		name, rules, want string
	}{
		{"nothing", "", "tcp/80 accept, udp/80 accept, ssdp accept"},
		{"an empty chain", `table inet filter { chain input { type filter hook input priority filter; policy accept; } }`, "tcp/80 accept"},
		{"policy drop", `table inet filter { chain input { type filter hook input priority filter; policy drop; } }`, "tcp/80 drop, udp/80 drop, ssdp drop"},
		{"policy drop for IPv6", `table ip6 filter { chain input { type filter hook input priority filter; policy drop; } }`, "tcp/80 accept"},
		{"policy drop of forwarding", `table inet filter { chain forward { type filter hook forward priority filter; policy drop; } }`, "tcp/80 accept"},
		{"a dormant table", `table inet filter { flags dormant; chain input { type filter hook input priority filter; policy drop; } }`, "tcp/80 accept"},
		{"Debian's workstation", `
			table inet filter {
				chain input {
					type filter hook input priority filter; policy drop;
					ct state vmap { established : accept, related : accept, invalid : drop }
					iif lo accept
					ip protocol icmp accept
					meta l4proto ipv6-icmp accept
					tcp dport { 22, 8000-9000 } ct state new limit rate 100/second counter accept
					udp dport 5353 ip daddr 224.0.0.251 accept
					log prefix "out " flags all
					counter reject with icmpx admin-prohibited
				}
			}`, "tcp/22 accept, tcp/7999 reject, tcp/8000 accept, tcp/9000 accept, tcp/9001 reject, udp/8000 reject, udp/5353 reject, ssdp reject"},
		{"established by a mask", `
			table ip filter {
				chain INPUT {
					type filter hook input priority 0; policy drop;
					ct state established,related accept
					iifname "lo" accept
					tcp dport 8080 tcp flags & (fin|syn|rst|ack) == syn accept
					udp sport 1900 ip saddr 192.168.77.0/24 accept
				}
			}`, "tcp/8080 accept, tcp/8081 drop, udp/8080 drop, ssdp accept"},
		{"the LAN alone", `
			table inet filter {
				chain input {
					type filter hook input priority 0; policy drop;
					ip saddr { 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 } accept
					ip saddr 100.64.0.0/10 accept
				}
			}`, "tcp/80 drop, lan:tcp/80 accept, ssdp accept"},
		{"all but the LAN", `
			table inet filter {
				chain input { type filter hook input priority 0; ip saddr != 192.168.0.0/16 ip saddr != 10.0.0.0/8 drop; }
			}`, "tcp/80 drop, lan:tcp/80 accept"},
		{"a few strangers are kept out", `
			table inet filter {
				set banned { type ipv4_addr; flags interval; elements = { 45.9.0.0/16, 91.240.118.7 }; }
				chain input { type filter hook input priority -1; ip saddr @banned drop; ip saddr 5.5.0.0/16 reject; }
			}`, "tcp/80 accept, ssdp accept"},
		{"a few strangers may come in", `
			table inet filter {
				set friends { type ipv4_addr; flags interval; elements = { 45.9.0.0/16, 91.240.118.7 }; }
				chain input { type filter hook input priority 0; policy drop; ip saddr @friends accept; ip saddr 192.168.77.1 accept; }
			}`, "tcp/80 unknown, ssdp accept"},
		{"half of the Internet", `
			table inet filter { chain input { type filter hook input priority 0; ip saddr 0.0.0.0/1 drop; } }`, "tcp/80 unknown, ssdp accept"},
		{"everybody", `
			table inet filter { chain input { type filter hook input priority 0; policy drop; ip saddr 0.0.0.0/0 tcp dport 80 accept; ip saddr != 0.0.0.0/0 accept; } }`,
			"tcp/80 accept, tcp/81 drop"},
		{"chains", `
			table inet firewall {
				chain services { tcp dport 22 return; tcp dport 80 accept; udp dport vmap { 53 : accept, 54 : drop, 55 : goto denied }; }
				chain denied { counter reject; }
				chain input {
					type filter hook input priority 10; policy accept;
					jump services
					tcp dport 22 goto denied
					udp dport 60-70 drop
					udp dport != 50-100 accept
					udp dport < 90 drop
					udp dport >= 95 drop
				}
			}`, "tcp/80 accept, tcp/22 reject, udp/53 accept, udp/54 drop, udp/55 reject, udp/56 drop, udp/65 drop, udp/101 accept, udp/90 accept, udp/95 drop, udp/89 drop"},
		{"like firewalld", `
			table inet firewalld {
				chain mangle_PREROUTING { type filter hook prerouting priority mangle + 10; policy accept; jump mangle_PREROUTING_ZONES; }
				chain mangle_PREROUTING_ZONES { iifname "wg*" goto other; goto other; }
				chain other { return; }
				chain nat_PREROUTING { type nat hook prerouting priority dstnat + 10; policy accept; jump other; }
				chain filter_PREROUTING {
					type filter hook prerouting priority filter + 10; policy accept;
					icmpv6 type { nd-router-advert, nd-neighbor-solicit } accept
					meta nfproto ipv6 fib saddr . mark . iif oif missing drop
				}
				chain filter_INPUT {
					type filter hook input priority filter + 10; policy accept;
					ct state { established, related } accept
					ct status dnat accept
					iifname "lo" accept
					ct state invalid drop
					jump filter_INPUT_ZONES
					reject with icmpx admin-prohibited
				}
				chain filter_INPUT_ZONES { iifname "docker0" goto docker; iifname "eth0" goto public; goto public; }
				chain docker { accept; }
				chain public { jump public_allow; meta l4proto { icmp, ipv6-icmp } accept; reject with icmpx admin-prohibited; }
				chain public_allow { tcp dport 22 accept; ip6 daddr fe80::/64 udp dport 546 accept; tcp dport 8080 accept; }
			}`, "tcp/22 accept, tcp/8080 accept, tcp/8081 reject, udp/8080 reject, ssdp reject"},
		{"two tables: both have to let in", `
			table ip one { chain input { type filter hook input priority 0; tcp dport 80 accept; } }
			table inet two { chain input { type filter hook input priority 5; policy drop; tcp dport 80-81 accept; } }
			table inet three { chain input { type filter hook input priority -5; tcp dport 81 drop; } }`, "tcp/80 accept, tcp/81 drop, tcp/82 drop"},
		{"before routing", `
			table ip raw { chain pre { type filter hook prerouting priority raw; tcp dport 80 drop; udp dport 80 drop; ct state new accept; } }`, "tcp/80 drop, udp/80 drop, tcp/81 accept"},
		{"at ingress", `
			table netdev early { chain in { type filter hook ingress device "eth0" priority 0; policy accept; ip protocol tcp tcp dport 80 drop; } }
			table inet early { chain in { type filter hook ingress device "eth0" priority 10; udp dport 80 drop; } }`, "tcp/80 drop, udp/80 drop, tcp/81 accept, udp/81 accept"},
		{"at another's ingress", `
			table netdev early { chain in { type filter hook ingress device "lo" priority 0; policy drop; } }`, "tcp/80 accept"},
		{"by the interface", `
			table inet filter {
				chain input {
					type filter hook input priority 0; policy drop;
					iifname { "lo", "wg0" } accept
					iifname "eth*" tcp dport 80 accept
					iifname "eth1" tcp dport 81 accept
					iif eth0 tcp dport 82 accept
					iifname . tcp dport { "eth0" . 83, "eth1" . 84 } accept
				}
			}`, "tcp/80 accept, tcp/81 drop, tcp/82 accept, tcp/83 accept, tcp/84 drop"},
		{"concatenations", `
			table inet filter {
				set allowed { type inet_proto . inet_service; elements = { tcp . 80, udp . 81 }; }
				map fate { type ipv4_addr . inet_service : verdict; flags interval; elements = { 192.168.0.0/16 . 1000-2000 : accept, 192.168.77.1 . 3000 : drop, 10.0.0.0/8 . 1-65535 : accept }; }
				chain input {
					type filter hook input priority 0; policy drop;
					meta l4proto . th dport @allowed accept
					ip saddr . tcp dport vmap @fate
					ip daddr . udp dport { 192.168.77.10 . 90-95, 192.168.77.11 . 96 } accept
				}
			}`, "tcp/80 accept, udp/80 drop, udp/81 accept, tcp/1500 drop, lan:tcp/1500 accept, lan:tcp/3000 drop, lan:tcp/2001 drop, udp/95 accept, udp/96 drop"},
		{"maps with a rest", `
			table inet filter {
				chain input { type filter hook input priority 0; tcp dport vmap { 80 : accept, 1000-2000 : accept, * : drop }; }
			}`, "tcp/80 accept, tcp/1000 accept, tcp/2000 accept, tcp/2001 drop, tcp/81 drop, udp/81 accept"},
		{"marks", `
			table inet filter {
				chain pre { type filter hook prerouting priority mangle; tcp dport 80 meta mark set 7; udp dport 81 ct mark set 3; }
				chain input { type filter hook input priority 0; tcp dport 79 meta mark 0 accept; udp dport 79 ct mark 1 accept; drop; }
			}`, "tcp/79 accept, udp/79 drop"},
		{"a mark that a rule has changed", `
			table inet filter {
				chain pre { type filter hook prerouting priority mangle; tcp dport 80 meta mark set 7; }
				chain input { type filter hook input priority 0; meta mark 7 accept; drop; }
			}`, "tcp/80 unknown, tcp/81 drop"},
		{"kinds of addresses", `
			table inet filter {
				chain input { type filter hook input priority 0; policy drop; fib daddr type != local drop; fib daddr . iif type local tcp dport 80 accept; fib saddr type unicast tcp dport 81 accept; meta pkttype host tcp dport 82 accept; }
			}`, "tcp/80 accept, tcp/81 accept, tcp/82 accept, tcp/83 drop"},
		{"limits and counts", `
			table inet filter {
				chain input { type filter hook input priority 0; policy drop; tcp dport 80 ct state new limit rate over 100/second drop; tcp dport 80 limit rate 50/second accept; udp dport 80 ct count 100 accept; udp dport 81 ct count over 100 drop; udp dport 81 accept; }
			}`, "tcp/80 accept, udp/80 accept, udp/81 accept"},
		{"no tracking", `
			table inet filter {
				chain pre { type filter hook prerouting priority raw; udp dport 80 notrack; }
				chain input { type filter hook input priority 0; policy drop; ct state untracked accept; tcp dport 81 ct state new accept; }
			}`, "udp/80 unknown, tcp/81 accept, tcp/82 drop"},
		{"sent elsewhere", `
			table ip nat {
				chain pre { type nat hook prerouting priority dstnat; tcp dport 80 redirect to :8080; udp dport 80 dnat to 10.0.0.5; }
			}
			table inet filter { chain input { type filter hook input priority 0; policy accept; tcp dport 8080 drop; } }`, "tcp/80 unknown, udp/80 unknown, tcp/81 accept, tcp/8080 drop"},
		{"what is not understood, where it does not matter", `
			table inet filter {
				chain input { type filter hook input priority 0; policy drop; tcp dport 80 meta length 20-1000 counter; tcp dport 80 accept; meta cpu 0 drop; }
			}`, "tcp/80 accept, tcp/81 drop"},
		{"what is not understood, where it does", `
			table inet filter {
				chain input { type filter hook input priority 0; policy drop; tcp dport 80 meta length 20-1000 accept; tcp dport 81 socket transparent 1 accept; tcp dport 82 tcp option maxseg size 100-1000 accept; udp dport 80 udp length 1-9 accept; }
			}`, "tcp/80 unknown, tcp/81 unknown, tcp/82 unknown, udp/80 unknown, tcp/83 drop"},
		{"knocking", `
			table inet filter {
				set clients { type ipv4_addr; flags timeout; }
				chain input { type filter hook input priority 0; policy drop; tcp dport 1000 add @clients { ip saddr timeout 10s }; ip saddr @clients tcp dport 80 accept; }
			}`, "tcp/80 drop, tcp/81 drop, tcp/1000 drop"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h.load(t, tt.rules)
			h.check(t, tt.want)
		})
	}
}

// check compares what is told of packets with what is wanted and with what the kernel does.
func (h *house) check(t *testing.T, want string) {
	t.Helper()
	rules := h.read(t)
	for row := range strings.SplitSeq(want, ", ") {
		word, verdict, _ := strings.Cut(row, " ")
		p := h.packet(t, word)
		got := rules.Judge(p)
		if got.Verdict.String() != verdict {
			t.Errorf("%s: %s, want %s: %+v", word, got.Verdict, verdict, got)
		}
		if passes := h.passes(t, p); got.Verdict != Unknown && passes != (got.Verdict == Accept) {
			t.Errorf("%s: the kernel lets it pass: %t; told is %s: %+v", word, passes, got.Verdict, got)
		}
	}
}

// Where something is decided has a name.
func TestPlace(t *testing.T) {
	h := newHouse(t)
	h.load(t, `
		table inet filter {
			chain input { type filter hook input priority 0; policy drop; tcp dport 22 accept; tcp dport 23 jump bad; tcp dport 24 meta cpu 1 accept; }
			chain bad { reject; }
		}`)
	rules := h.read(t)
	at := Place{Family: "inet", Table: "filter", Base: "input", Hook: "input", Chain: "input"}
	policy, bad := at, at
	policy.Policy, bad.Chain = true, "bad"
	for word, want := range map[string]Ruling{
		"tcp/22": {Verdict: Accept},
		"tcp/25": {Verdict: Drop, Place: policy},
		"tcp/23": {Verdict: Reject, Place: bad},
		"tcp/24": {Place: at, Doubt: "a rule asks for what is not known of a packet (meta)"},
	} {
		if got := rules.Judge(h.packet(t, word)); got != want {
			t.Errorf("%s: %+v, want %+v", word, got, want)
		}
	}
	// What a quota may drop is dropped by the policy all the same.
	h.load(t, `
		table inet filter {
			chain raw { type filter hook prerouting priority 0; policy accept; tcp dport 25 quota over 1 mbytes drop; }
			chain input { type filter hook input priority 0; policy drop; tcp dport 26 quota over 1 mbytes jump bad; tcp dport 27 quota over 1 mbytes accept; }
			chain bad { reject; }
		}`)
	rules = h.read(t)
	for word, want := range map[string]Ruling{
		"tcp/25": {Verdict: Drop, Place: policy},
		"tcp/26": {Verdict: Drop, Place: policy},
		"tcp/27": {Place: at, Doubt: "a rule counts (quota)"},
	} {
		if got := rules.Judge(h.packet(t, word)); got != want {
			t.Errorf("%s: %+v, want %+v", word, got, want)
		}
	}
	if got := rules.Judge(Packet{Protocol: 1, To: netip.AddrPortFrom(hostAddr, 0)}); got.Verdict != Unknown {
		t.Errorf("ICMP: %+v", got)
	}
}
