package page

import (
	"embed"
	"io/fs"
)

//go:embed assets
var assets embed.FS

// Files are those of the page, with index.html at the root. They ask the server that they come from for /token,
// a connect token for a guest, and for /link, if there is a link that can be switched; the game is at
// [transport/web.DefaultPath].
func Files() fs.FS {
	files, err := fs.Sub(assets, "assets")
	if err != nil {
		panic(err) // the name is constant, and right
	}
	return files
}
