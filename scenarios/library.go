package scenarios

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/igdkit/igdkit/internal/capped"
	"github.com/igdkit/igdkit/internal/words"
)

// The built-in files, in a folder for each group.
//
//go:embed */*.yaml
var files embed.FS

// builtIn is the text of a built-in file.
func builtIn(name string) (file string, data []byte, err error) {
	file = name + ".yaml"
	for _, group := range groups() {
		if data, err := files.ReadFile(group + "/" + file); err == nil {
			return file, data, nil
		}
	}
	return "", nil, &UnknownError{Name: name, Nearest: words.Near(name, Names())}
}

// groups are the folders of the built-in files.
func groups() (all []string) {
	entries, _ := files.ReadDir(".")
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// find is the file that name stands for in doc: a built-in one, or one beside doc. Nothing else can be named, because a scenario
// may come from somebody else.
func (doc *document) find(name string) (file string, data []byte, err error) {
	if !IsFile(name) {
		return builtIn(name)
	}
	local := filepath.FromSlash(name)
	switch {
	case doc.from != disk:
		return "", nil, errNoFiles
	case !filepath.IsLocal(local):
		return "", nil, errNotBeside
	}
	dir := filepath.Dir(doc.file)
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", nil, err
	}
	defer root.Close()
	switch info, err := root.Stat(local); {
	case err != nil:
		return "", nil, err
	case !info.Mode().IsRegular(): // opening a pipe could take for ever
		return "", nil, errNotRegular
	}
	f, err := root.Open(local)
	if err != nil {
		return "", nil, err
	}
	defer f.Close()
	file = filepath.Join(dir, local)
	data, err = readAll(file, f)
	return file, data, err
}

var (
	errNoFiles    = errors.New("only a file can name files")
	errNotBeside  = errors.New("only files beside this one and below can be named")
	errNotRegular = errors.New("it is no regular file")
)

// reason is why a file was not found, when there is more to say than that.
func reason(err error) string {
	if _, ok := errors.AsType[*UnknownError](err); ok || errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return fmt.Sprintf(": %v", err)
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(name, f)
}

func readAll(name string, r io.Reader) ([]byte, error) {
	data, err := capped.Read(r, maxSize)
	if e, ok := errors.AsType[*capped.TooLongError](err); ok {
		return nil, &InvalidError{File: name, Problems: []Problem{{File: name, Message: e.Error()}}}
	}
	return data, err
}

// Names lists the built-in scenarios, profiles and quirks in order, without reading them.
func Names() []string {
	var names []string
	for _, group := range groups() {
		entries, _ := files.ReadDir(group)
		for _, e := range entries {
			names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
		}
	}
	slices.Sort(names)
	return names
}

// IsFile tells whether Load takes s for a file and not for a built-in name.
func IsFile(s string) bool {
	ext := filepath.Ext(s)
	return ext == ".yaml" || ext == ".yml" || strings.ContainsRune(filepath.ToSlash(s), '/')
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
