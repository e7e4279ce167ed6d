package words

import "testing"

func TestShell(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"go", "test", "./...", "--wan=1.2.3.4"}, "go test ./... --wan=1.2.3.4"},
		{[]string{"sh", "-c", "igdctl open 8080 && true"}, "sh -c 'igdctl open 8080 && true'"},
		{[]string{"echo", "it's", "", "$HOME", "a\nb"}, `echo 'it'\''s' '' '$HOME' ` + "'a\nb'"},
		{[]string{"~/x", "*.yaml"}, `'~/x' '*.yaml'`},
	} {
		if got := Shell(tt.args...); got != tt.want {
			t.Errorf("Shell(%q) = %s, want %s", tt.args, got, tt.want)
		}
	}
}
