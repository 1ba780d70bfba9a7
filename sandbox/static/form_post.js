// response_mode=form_post: the browser carries the answer back to the app by itself.
document.getElementById("back").submit();
