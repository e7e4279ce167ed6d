package http1

import "strings"

// parseStatusLine reads "HTTP/1.1 200 OK" and what devices send for it. strict is false when net/http would refuse the line.
func parseStatusLine(line string) (version string, status int, reason string, strict bool, err error) {
	if len(line) >= 12 && (line[:9] == "HTTP/1.1 " || line[:9] == "HTTP/1.0 ") && (len(line) == 12 || line[12] == ' ') {
		if status = threeDigits(line[9:]); status != 0 {
			return line[:8], status, strings.TrimPrefix(line[12:], " "), true, nil
		}
	}
	rest := strings.TrimSpace(line)
	if status = threeDigits(rest); status == 0 {
		if len(rest) < 4 || !strings.EqualFold(rest[:4], "HTTP") {
			return "", 0, "", false, syntaxError("status line", line)
		}
		version, rest, _ = strings.Cut(strings.ReplaceAll(rest, "\t", " "), " ")
		rest = strings.TrimLeft(rest, " ")
		if status = threeDigits(rest); status == 0 {
			return "", 0, "", false, syntaxError("status line", line)
		}
	}
	return version, status, strings.TrimSpace(rest[3:]), false, nil
}

// threeDigits reads a status from 100 to 999 at the start of s that no fourth digit follows; 0 when there is none.
func threeDigits(s string) int {
	if len(s) < 3 || s[0] < '1' || s[0] > '9' || !isDigit(s[1]) || !isDigit(s[2]) || len(s) > 3 && isDigit(s[3]) {
		return 0
	}
	return int(s[0]-'0')*100 + int(s[1]-'0')*10 + int(s[2]-'0')
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// parseRequestLine reads "POST /ctl HTTP/1.1". A target may hold blanks: what is between the method and the last token is
// the target.
func parseRequestLine(line string) (method, target, version string, strict bool, err error) {
	method, rest, _ := strings.Cut(line, " ")
	trimmed := strings.TrimRight(rest, " \t")
	i := strings.LastIndexByte(trimmed, ' ')
	if i < 0 || !isToken(method) {
		return "", "", "", false, syntaxError("request line", line)
	}
	version = trimmed[i+1:]
	target = strings.Trim(trimmed[:i], " \t")
	if target == "" || len(version) < 7 || !strings.EqualFold(version[:7], "HTTP/1.") {
		return "", "", "", false, syntaxError("request line", line)
	}
	strict = (version == "HTTP/1.1" || version == "HTTP/1.0") && len(target)+1+len(version) == len(rest) && !strings.Contains(target, " ")
	return method, target, version, strict, nil
}

// isToken reports whether s is a token of RFC 9110 §5.6.2.
func isToken(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return true
}
