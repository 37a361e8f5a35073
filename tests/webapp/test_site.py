"""What a request may do is known from its token."""

from webapp.started import PLAN


def test_the_site_of_a_request_is_that_of_the_app(make_client, store):
    assert str(store) in make_client().get("/").text


def test_a_request_may_write_with_the_token_alone(make_client):
    body = {"name": "a", "plan": PLAN}
    assert make_client().post("/api/plans", json=body).status_code == 403
    assert make_client(with_token=True).post("/api/plans", json=body).status_code == 201
