using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Bft.Network.Api.Http;

/// <summary>The routes of the HTTP API with what OpenAPI says about them.</summary>
internal static class HttpRoutes
{
    private const string Tag = "validator";

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapMethods("/", [HttpMethods.Get, HttpMethods.Head], (HttpContext http, [FromServices] StatusPage page) => page.WriteAsync(http)).ExcludeFromDescription();
        endpoints.MapOpenApi("/openapi/{documentName}.json");

        RouteGroupBuilder api = endpoints.MapGroup("/v1").WithTags(Tag).AddEndpointFilterFactory((_, next) =>
            invocation => ((HttpEdge)invocation.HttpContext.RequestServices.GetService(typeof(HttpEdge))!).InvokeAsync(invocation, next));
        MapReads(api);
        MapBlocks(api);
        api.MapPost("/transactions", (HttpContext http, [FromServices] HttpOperations operations) => operations.SubmitAsync(http))
            .WithName("submit").WithSummary("Takes one signed run of transactions, as JSON or as its bytes.")
            .WithDescription("Accepted is not committed: f+1 equal signed receipts are, which the gRPC Submit stream carries; or look the transaction up at f+1 validators.")
            .Accepts<SubmitDocument>("application/json", "application/octet-stream")
            .Produces<SubmittedDocument>().Produces<SubmittedDocument>(StatusCodes.Status202Accepted)
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status413PayloadTooLarge).ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        // Routing passes over an operation whose content type does not fit: this one says so.
        api.MapPost("/transactions", () => Problems.UnsupportedMedia("Content-Type: application/json with runBase64 or runHex, or application/octet-stream with the run's bytes."))
            .WithOrder(1).ExcludeFromDescription();
        api.Map("/{**rest}", (HttpContext http) => Problems.NotFound(
                $"{http.Request.Method} {HttpOperations.Cut(http.Request.Path.Value ?? "/")} is no operation; /openapi/v1.json lists them all."))
            .WithOrder(2).ExcludeFromDescription();
    }

    private static void MapReads(RouteGroupBuilder api)
    {
        api.MapGet("/status", ([FromServices] HttpOperations operations) => operations.Status())
            .WithName("status").WithSummary("What this validator thinks of itself, the view and its peers.").Produces<StatusDocument>();
        api.MapGet("/keys/{**key}", (HttpContext http, string key, string? prove, string? encoding, string? consistency, [FromServices] HttpOperations operations) =>
                operations.KeyAsync(http, prove, encoding, consistency))
            .WithName("key").WithSummary("A key's value or absence; with prove=true, the proof that makes it believable against genesis.")
            .WithDescription("encoding: text (default) or hex says how the key is written. consistency: stale (default) or readIndex. Without a proof this is one validator's word.")
            .Produces<KeyDocument>().ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable).ProducesProblem(StatusCodes.Status504GatewayTimeout);
        api.MapGet("/transactions/{id}", (HttpContext http, string id, [FromServices] HttpOperations operations) => operations.TransactionAsync(http, id))
            .WithName("transaction").WithSummary("Where a transaction was committed, and its result.")
            .Produces<TransactionDocument>().ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound);
        api.MapGet("/evidence", ([FromServices] HttpOperations operations) => operations.Evidence())
            .WithName("evidence").WithSummary("Contradictions that validators signed, newest first.").Produces<EvidenceDocument[]>();
    }

    private static void MapBlocks(RouteGroupBuilder api)
    {
        api.MapGet("/blocks", (HttpContext http, string? latest, string? digest, [FromServices] HttpOperations operations) => operations.BlocksAsync(http, latest, digest))
            .WithName("blocks").WithSummary("The latest blocks, newest first, without their transactions; or those whose digest begins with the digits given.")
            .WithDescription("digest searches the query index, which is seconds behind the ledger: the newest blocks may be missing.")
            .Produces<BlockDocument[]>().ProducesProblem(StatusCodes.Status400BadRequest);
        api.MapGet("/blocks/{heightOrDigest}", (HttpContext http, string heightOrDigest, string? transactions, [FromServices] HttpOperations operations) =>
                operations.BlockAsync(http, heightOrDigest, transactions))
            .WithName("block").WithSummary("One committed block with its certificate and transactions (transactions=false leaves them out).")
            .Produces<BlockDocument>().ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound);
        api.MapGet("/watch", (HttpContext http, string? from, [FromServices] HttpWatch watch) => watch.RunAsync(http, from))
            .WithName("watch").WithSummary("Committed blocks from a height on (default: the next), history first, without end.")
            .WithDescription("Server-sent events when asked for by Accept, else one JSON object a line. Resumed with Last-Event-ID or from.")
            .Produces<BlockDocument>(StatusCodes.Status200OK, "application/x-ndjson", "text/event-stream")
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }
}
