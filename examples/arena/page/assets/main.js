document.title="arena";
