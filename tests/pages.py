"""A page of the app as Streamlit runs it, without a browser."""

from streamlit.testing.v1 import AppTest

from db.models import Project


def opened(module: str, project: Project, **query: str) -> AppTest:
    """The page of this module, such as "pages.data.page", with the project and `query` in its address."""

    def page(module: str) -> None:
        import importlib

        importlib.import_module(module).show()

    app = AppTest.from_function(page, args=(module,), default_timeout=60)
    app.query_params["project"] = str(project.id)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app
