document.title = "arena";
